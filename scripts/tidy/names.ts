/**
 * Rule: a name says what the thing is. Manager, Impl, Helper and util say nothing; a bound comes last (`bytesMax`, not
 * `maxBytes`), so that names of one quantity stand together; files are named in lower case with underscores.
 */
import { posix } from "node:path";
import ts from "typescript";
import { nodesBelow } from "./nodes.ts";
import { fileRule } from "./project.ts";

const banned: ReadonlySet<string> = new Set(["manager", "impl", "helper", "helpers", "util", "utils"]);

/** See the head of this file. */
export const names = fileRule("names", function* ({ path, tree }) {
  const file = posix.basename(path);
  if (!/^[a-z][a-z0-9_]*\.tsx?$/.test(file)) yield [tree, `file "${file}": wanted lower case and underscores`];
  const inPath = path.replace(/\.tsx?$/, "").split(/[/_]/).find((word) => banned.has(word));
  if (inPath !== undefined) yield [tree, `"${inPath}" says nothing in a path: name the idea`];
  for (const node of nodesBelow(tree)) {
    const why = ts.isIdentifier(node) && isDeclared(node) ? faultOf(node.text) : undefined;
    if (why !== undefined) yield [node, why];
  }
});

function faultOf(name: string): string | undefined {
  const words = name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase());
  const empty = words.find((word) => banned.has(word));
  if (empty !== undefined) return `"${name}": "${empty}" says nothing, name the idea`;
  const isBoundFirst = words.length > 1 && (words[0] === "max" || words[0] === "min");
  return isBoundFirst ? `"${name}": the bound comes last, after the unit` : undefined;
}

/** Whether an identifier is the name in a declaration of this project, not a name that somebody else chose. */
function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) || ts.isImportSpecifier(parent) || ts.isBindingElement(parent)) return false;
  return ts.isDeclarationStatement(parent) || ts.isVariableDeclaration(parent) || ts.isParameter(parent) ||
      ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent) || ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent)
    ? parent.name === node
    : false;
}
