/** Rule: nothing silences a checker, and nothing is left for later in the code: what is to be done is an issue. */
import ts from "typescript";
import { lineOf, nodesBelow } from "./nodes.ts";
import { type Module, type Rule, type Violation } from "./project.ts";

const name = "suppressions";

/** In comments only: in strings, such as this rule's own tests, they do nothing. */
const banned: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/@ts-(ignore|expect-error|nocheck)/, "the type checker is silenced: mend the types"],
  [/deno-(lint|fmt|coverage)-ignore/, "a checker is silenced: mend what it found"],
  [/\b(TODO|FIXME|HACK|XXX)\b/, "left for later: do it, or file an issue"],
];

/** See the head of this file. */
export const suppressions: Rule = {
  name,
  check: ({ modules }) =>
    [...modules.values()].filter(({ kind }) => kind !== "generated").flatMap((module) => [
      ...inComments(module),
      ...inTypes(module),
    ]),
};

function inComments({ path, tree }: Module): Violation[] {
  return commentsOf(tree).flatMap(({ pos, end }) => {
    const text = tree.text.slice(pos, end);
    return banned.filter(([pattern]) => pattern.test(text))
      .map(([, message]) => ({ path, line: lineOf(tree, pos), rule: name, message }));
  });
}

function inTypes({ path, tree }: Module): Violation[] {
  return [...nodesBelow(tree)].filter((node) => node.kind === ts.SyntaxKind.AnyKeyword).map((node) => ({
    path,
    line: lineOf(tree, node.getStart(tree)),
    rule: name,
    message: "any: say the type, or unknown and narrow it",
  }));
}

/** Every comment, found with the scanner, as comments are no nodes of the tree. */
function commentsOf(tree: ts.SourceFile): ts.CommentRange[] {
  const found = new Map<number, ts.CommentRange>();
  for (const node of [tree, ...nodesBelow(tree)]) {
    const ranges = [
      ...(ts.getLeadingCommentRanges(tree.text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(tree.text, node.end) ?? []),
    ];
    for (const range of ranges) found.set(range.pos, range);
  }
  return [...found.values()];
}
