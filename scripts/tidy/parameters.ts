/**
 * Rule: an exported function, and a public method, has at most two required parameters; what is more goes into an
 * options object, where each value has its name at the call. The time of the call, which every machine takes last, is
 * not counted. A bare boolean at a call says nothing, so none is taken beside another parameter.
 */
import ts from "typescript";
import { hasModifier, isExported } from "./nodes.ts";
import { fileRule } from "./project.ts";

const requiredMax = 2;

/** See the head of this file. */
export const parameters = fileRule("parameters", function* (module) {
  for (const node of publicFunctions(module.tree)) {
    const required = node.parameters.filter((one) => isRequired(one) && !isOptions(one) && !isNow(one));
    if (required.length > requiredMax) {
      yield [node, `${required.length} required parameters: at most ${requiredMax}, then an options object`];
    }
    const bare = node.parameters.find(isBareBoolean);
    if (bare !== undefined && node.parameters.length > 1) {
      yield [bare, `bare boolean "${bare.name.getText()}": name it in an options object`];
    }
  }
});

/** Exported functions, and methods of exported classes, with a body. */
function* publicFunctions(tree: ts.SourceFile): Generator<ts.SignatureDeclaration> {
  for (const statement of tree.statements.filter(isExported)) {
    if (ts.isFunctionDeclaration(statement)) yield statement;
    if (ts.isClassDeclaration(statement)) yield* statement.members.filter(isPublicMethod);
    if (ts.isVariableStatement(statement)) {
      for (const { initializer } of statement.declarationList.declarations) {
        if (initializer !== undefined && ts.isArrowFunction(initializer)) yield initializer;
      }
    }
  }
}

function isPublicMethod(member: ts.ClassElement): member is ts.MethodDeclaration | ts.ConstructorDeclaration {
  return (ts.isMethodDeclaration(member) || ts.isConstructorDeclaration(member)) &&
    !hasModifier(member, ts.SyntaxKind.PrivateKeyword) &&
    !(member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

function isRequired({ questionToken, initializer, dotDotDotToken }: ts.ParameterDeclaration): boolean {
  return questionToken === undefined && initializer === undefined && dotDotDotToken === undefined;
}

/** The object that ends a list of parameters. */
function isOptions({ name, type }: ts.ParameterDeclaration): boolean {
  return name.getText() === "options" || !ts.isIdentifier(name) || (type !== undefined && ts.isTypeLiteralNode(type));
}

function isNow({ name }: ts.ParameterDeclaration): boolean {
  return /^now(Ms|Ns)?$/.test(name.getText());
}

function isBareBoolean({ type }: ts.ParameterDeclaration): boolean {
  return type?.kind === ts.SyntaxKind.BooleanKeyword;
}
