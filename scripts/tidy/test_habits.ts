/**
 * Rule: tests run, and do not sleep. Time in them is virtual, or they wait for a condition. One that is left out says
 * why in a comment beside it; one that runs alone is for one's own machine.
 */
import ts from "typescript";
import { nodesBelow } from "./nodes.ts";
import { fileRule } from "./project.ts";

const sleeps: ReadonlySet<string> = new Set(["setTimeout", "setInterval", "delay", "sleep", "Atomics.wait"]);

/** See the head of this file. */
export const testHabits = fileRule("test habits", function* ({ path, kind, tree }) {
  if (kind !== "test" && !path.endsWith("_suite.ts")) return;
  for (const node of nodesBelow(tree)) {
    if (ts.isCallExpression(node) && sleeps.has(node.expression.getText(tree))) {
      yield [node, "a test sleeps: use virtual time, or wait for the condition"];
    }
    const switched = switchOf(node);
    if (switched === "only") yield [node, "the rest of the tests is left out: remove only"];
    if (switched === "ignore" && !hasComment(node, tree)) {
      yield [node, "a test is left out: say why in a comment beside it"];
    }
  }
});

/** `only` of `Deno.test.only(...)` and `{ only: ... }`, `ignore` likewise. */
function switchOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAssignment(node)) return node.name.getText();
  const callee = ts.isCallExpression(node) ? node.expression : undefined;
  const isOfTest = callee !== undefined && ts.isPropertyAccessExpression(callee) &&
    callee.expression.getText() === "Deno.test";
  return isOfTest ? callee.name.text : undefined;
}

/** A comment before the test, before the switch, or behind it on its line. */
function hasComment(node: ts.Node, { text }: ts.SourceFile): boolean {
  const statement = ts.findAncestor(node, ts.isStatement) ?? node;
  const isBefore = [node, statement].some((place) =>
    ts.getLeadingCommentRanges(text, place.getFullStart()) !== undefined
  );
  const behind = text.slice(node.end, text.indexOf("\n", node.end));
  return isBefore || behind.includes("//");
}
