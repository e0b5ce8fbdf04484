/** Finds names that a file takes from the world: used as values and declared nowhere around the place of use. */
import ts from "typescript";
import { childrenOf } from "./nodes.ts";

/** Every use of a global as a value, in order. */
export function globalsOf(tree: ts.SourceFile): ts.Identifier[] {
  const declared = new Map<ts.Node, ReadonlySet<string>>();
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isIdentifier(node) && isUse(node) && !isDeclaredAround(node, declared)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Whether an identifier stands for a value, and is no key, label, property or declaration. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) return false;
  if (ts.isExportSpecifier(parent) || ts.isMetaProperty(parent) || ts.isTypeElement(parent)) return false;
  const isNamed = "name" in parent && parent.name === node;
  return !isNamed;
}

function isDeclaredAround(node: ts.Identifier, declared: Map<ts.Node, ReadonlySet<string>>): boolean {
  for (let scope: ts.Node | undefined = node.parent; scope !== undefined; scope = scope.parent) {
    let names = declared.get(scope);
    if (names === undefined) declared.set(scope, names = namesDeclaredIn(scope));
    if (names.has(node.text)) return true;
  }
  return false;
}

const noNames: ReadonlySet<string> = new Set();

/** Names that a node declares for everything below it. `var` is banned by lint, so blocks and functions are enough. */
function namesDeclaredIn(scope: ts.Node): ReadonlySet<string> {
  const names = new Set<string>();
  if (ts.isFunctionLike(scope)) {
    for (const parameter of scope.parameters) addBinding(parameter.name, names);
    if (scope.name !== undefined && ts.isIdentifier(scope.name)) names.add(scope.name.text);
  } else if (ts.isSourceFile(scope) || ts.isBlock(scope) || ts.isModuleBlock(scope) || ts.isCaseBlock(scope)) {
    const statements = ts.isCaseBlock(scope)
      ? scope.clauses.flatMap((clause) => [...clause.statements])
      : scope.statements;
    for (const statement of statements) addStatement(statement, names);
  } else if (ts.isForStatement(scope) || ts.isForOfStatement(scope) || ts.isForInStatement(scope)) {
    for (const child of childrenOf(scope)) addList(child, names);
  } else if (ts.isCatchClause(scope) && scope.variableDeclaration !== undefined) {
    addBinding(scope.variableDeclaration.name, names);
  } else if (ts.isClassLike(scope) && scope.name !== undefined) {
    names.add(scope.name.text);
  } else {
    return noNames;
  }
  return names;
}

function addStatement(statement: ts.Statement, names: Set<string>): void {
  if (ts.isVariableStatement(statement)) return addList(statement.declarationList, names);
  if (ts.isImportDeclaration(statement)) return addImport(statement.importClause, names);
  const isDeclaration = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement);
  if (isDeclaration && statement.name !== undefined) names.add(statement.name.text);
}

function addImport(clause: ts.ImportClause | undefined, names: Set<string>): void {
  if (clause?.name !== undefined) names.add(clause.name.text);
  const bindings = clause?.namedBindings;
  if (bindings === undefined) return;
  if (ts.isNamespaceImport(bindings)) names.add(bindings.name.text);
  else for (const element of bindings.elements) names.add(element.name.text);
}

function addList(node: ts.Node, names: Set<string>): void {
  if (!ts.isVariableDeclarationList(node)) return;
  for (const declaration of node.declarations) addBinding(declaration.name, names);
}

function addBinding(name: ts.BindingName, names: Set<string>): void {
  if (ts.isIdentifier(name)) return void names.add(name.text);
  for (const element of name.elements) {
    if (!ts.isOmittedExpression(element)) addBinding(element.name, names);
  }
}
