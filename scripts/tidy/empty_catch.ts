/** Rule: what is caught is handled. A catch that does nothing, as a block or as a callback, says at least why. */
import ts from "typescript";
import { nodesBelow } from "./nodes.ts";
import { fileRule } from "./project.ts";

/** See the head of this file. */
export const emptyCatch = fileRule("empty catch", function* ({ tree }) {
  for (const node of nodesBelow(tree)) {
    const isEmpty = ts.isCatchClause(node) ? isEmptyBlock(node.block) : ts.isCallExpression(node) && dropsError(node);
    if (isEmpty) yield [node, "an error is dropped: handle it, or say in a comment why nothing is owed"];
  }
});

/** `promise.catch(() => {})`, and the same as second argument of `then`. */
function dropsError({ expression, arguments: args }: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(expression)) return false;
  const place = ["then", "catch"].indexOf(expression.name.text) === 0 ? 1 : 0;
  const handler = ["then", "catch"].includes(expression.name.text) ? args[place] : undefined;
  return handler !== undefined && (ts.isArrowFunction(handler) || ts.isFunctionExpression(handler)) &&
    isEmptyBlock(handler.body);
}

function isEmptyBlock(body: ts.Node): boolean {
  return ts.isBlock(body) && body.statements.length === 0 && !/\/[/*]/.test(body.getText());
}
