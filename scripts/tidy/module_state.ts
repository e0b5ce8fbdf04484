/**
 * Rule: nothing at the level of a module changes after it is loaded. Changing things have one owner, made in a
 * composition root and passed on.
 */
import ts from "typescript";
import { hasModifier, nodesBelow } from "./nodes.ts";
import { fileRule } from "./project.ts";

const mutators: ReadonlySet<string> = new Set([
  ...["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"],
  ...["set", "add", "delete", "clear"],
]);
const collections: ReadonlySet<string> = new Set(["Map", "Set", "WeakMap", "WeakSet"]);

/** See the head of this file. */
export const moduleState = fileRule("module state", function* (module) {
  const constants = new Set<string>();
  for (const list of module.tree.statements.filter(ts.isVariableStatement).map((one) => one.declarationList)) {
    if ((list.flags & ts.NodeFlags.Const) === 0) yield [list, "module-level variable: only constants may stand here"];
    for (const declaration of list.declarations) {
      if (ts.isIdentifier(declaration.name)) constants.add(declaration.name.text);
      if (isOpenCollection(declaration)) {
        yield [declaration, "module-level collection: declare it ReadonlyMap or ReadonlySet"];
      }
    }
  }
  for (const node of nodesBelow(module.tree)) {
    const name = changedName(node);
    if (name !== undefined && constants.has(name) && isInFunction(node)) {
      yield [node, `"${name}" is changed after the module was loaded`];
    }
    if (ts.isPropertyDeclaration(node) && isMutableStatic(node)) yield [node, "static property that is not readonly"];
  }
});

function isOpenCollection({ initializer, type }: ts.VariableDeclaration): boolean {
  const isMade = initializer !== undefined && ts.isNewExpression(initializer) &&
    ts.isIdentifier(initializer.expression) && collections.has(initializer.expression.text);
  return isMade && !/^Readonly(Map|Set)\b/.test(type?.getText() ?? "");
}

/** The name whose value a node changes in place: by assignment to a part of it, or by a method that changes it. */
function changedName(node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) return ownerOf(node.left);
  if (ts.isDeleteExpression(node)) return ownerOf(node.expression);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const counts = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator);
    return counts ? ownerOf(node.operand) : undefined;
  }
  const callee = ts.isCallExpression(node) ? node.expression : undefined;
  const isMutator = callee !== undefined && ts.isPropertyAccessExpression(callee) && mutators.has(callee.name.text);
  return isMutator ? ownerOf(callee) : undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** `a` of `a.b`, `a[i]`. */
function ownerOf(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  return ts.isIdentifier(node.expression) ? node.expression.text : undefined;
}

/** What changes while the module is being loaded is still its making: a table that is filled, for one. */
function isInFunction(node: ts.Node): boolean {
  return ts.findAncestor(node, ts.isFunctionLike) !== undefined;
}

function isMutableStatic(node: ts.PropertyDeclaration): boolean {
  return hasModifier(node, ts.SyntaxKind.StaticKeyword) && !hasModifier(node, ts.SyntaxKind.ReadonlyKeyword);
}
