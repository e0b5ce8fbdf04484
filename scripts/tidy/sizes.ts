/**
 * Rule: a function stops at 70 lines and a file at 600. A file of tests may be longer, as it is read one case at a time;
 * and a function of a suite that lays out cases is as long as what stands around them. The table shows where the code
 * stands before a limit is reached.
 */
import ts from "typescript";
import { lineOf, nodesBelow } from "./nodes.ts";
import { fileRule, type Module, type Project } from "./project.ts";

const functionLinesMax = 70;
const fileLinesMax = 600;

/** See the head of this file. */
export const sizes = fileRule("sizes", function* (module) {
  for (const { node, lines } of functionsOf(module)) {
    if (lines > functionLinesMax) yield [node, `function of ${lines} lines: stop at ${functionLinesMax}`];
  }
  const lines = linesOf(module);
  if (module.kind !== "test" && lines > fileLinesMax) {
    yield [module.tree.statements[0] ?? module.tree, `file of ${lines} lines: stop at ${fileLinesMax}, split by idea`];
  }
});

/** Median, 95th percentile and largest of functions and files, by folder, as text. Tests are left out. */
export function sizeTable({ modules }: Project): string {
  const counted = [...modules.values()].filter(({ kind }) => ["shipped", "script"].includes(kind));
  const members = [...new Set(counted.map(({ path }) => path.slice(0, path.indexOf("/"))))].sort();
  const rows = [...members, "all"].map((member) => {
    const inMember = counted.filter(({ path }) => member === "all" || path.startsWith(`${member}/`));
    const functions = inMember.flatMap((module) => functionsOf(module).map(({ lines }) => lines));
    return [member, ...figures(functions), ...figures(inMember.map(linesOf))];
  });
  return [["lines", "functions", "median", "p95", "max", "files", "median", "p95", "max"], ...rows]
    .map((cells) => cells.map((cell, i) => i === 0 ? cell.padEnd(8) : cell.padStart(10)).join("").trimEnd())
    .join("\n");
}

interface MeasuredFunction {
  readonly node: ts.Node;
  readonly lines: number;
}

function functionsOf({ tree, kind }: Module): MeasuredFunction[] {
  const functions = [...nodesBelow(tree)]
    .filter((node) => ts.isFunctionLike(node) && "body" in node && node.body !== undefined)
    .map((node) => ({ node, lines: lineOf(tree, node.end) - lineOf(tree, node.getStart(tree)) + 1 }));
  return kind === "test" || kind === "support" ? functions.map((one) => withoutInner(one, functions)) : functions;
}

/** The lines of a function that belong to no function in it. */
function withoutInner({ node, lines }: MeasuredFunction, all: readonly MeasuredFunction[]): MeasuredFunction {
  const inner = all.filter((one) => ts.findAncestor(one.node.parent, ts.isFunctionLike) === node);
  return { node, lines: lines - inner.reduce((sum, one) => sum + one.lines - 1, 0) };
}

function linesOf({ tree }: Module): number {
  return tree.text.split("\n").length - 1;
}

function figures(values: readonly number[]): string[] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return [sorted.length, at(0.5), at(0.95), at(1)].map(String);
}
