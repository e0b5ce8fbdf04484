/**
 * Rule: code that decides is tested. A file with branches is imported by a test or a suite, such as `x_test.ts` beside
 * it. An inner part, which only files of its own folder and the folder's front (`batch.ts` of `batch/`) import, is
 * tested as well by a test of that folder that reaches it through these files. Files of `io/` and programs are free:
 * they are run by suites and end-to-end tests.
 */
import { posix } from "node:path";
import ts from "typescript";
import { targetOf } from "./imports.ts";
import { isProgram } from "./kinds.ts";
import { nodesBelow } from "./nodes.ts";
import type { Module, Project, Rule } from "./project.ts";

/** A file with fewer branches only puts other things together. */
const branchesMin = 3;

const branches: ReadonlySet<ts.SyntaxKind> = new Set([
  ...[ts.SyntaxKind.IfStatement, ts.SyntaxKind.ConditionalExpression, ts.SyntaxKind.CaseClause],
  ...[ts.SyntaxKind.ForStatement, ts.SyntaxKind.ForOfStatement, ts.SyntaxKind.WhileStatement],
  ...[ts.SyntaxKind.CatchClause, ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken],
]);

/** See the head of this file. */
export const testsBeside: Rule = {
  name: "tests beside",
  check: (project) => {
    const importers = importersOf(project);
    return [...project.modules.values()]
      .filter((module) => isAsked(module) && !isTested(module, importers))
      .map((module) => ({ path: module.path, count: branchesOf(module) }))
      .filter(({ count }) => count >= branchesMin)
      .map(({ path, count }) => ({
        path,
        line: 1,
        rule: "tests beside",
        message: `${count} branches, and no test of its own`,
      }));
  },
};

/** Who imports each file. */
type Importers = ReadonlyMap<string, readonly Module[]>;

function importersOf({ modules }: Project): Importers {
  const arrows = [...modules.values()].flatMap((importer) =>
    importer.imports.map(({ specifier }) => ({ importer, target: targetOf(importer.path, specifier) }))
  );
  const byTarget = Map.groupBy(arrows, ({ target }) => target ?? "");
  return new Map([...byTarget].map(([target, users]) => [target, users.map(({ importer }) => importer)]));
}

/** Whether a test imports the file, or imports a file of its folder that leads to it over inner parts. */
function isTested({ path }: Module, importers: Importers): boolean {
  const folder = folderOf(path);
  const isOfUnit = (user: Module) => folderOf(user.path) === folder || user.path === `${folder}.ts`;
  const parts = new Set([path]);
  for (const part of parts) {
    const users = importers.get(part) ?? [];
    const testing = users.filter(isForTests);
    if (testing.some((test) => part === path || isTestOf(folder, test))) return true;
    const running = users.filter((user) => !isForTests(user));
    if (running.every(isOfUnit)) { for (const user of running) parts.add(user.path); }
  }
  return false;
}

/** The folder that a file is part of: `io` and `testing` belong to the one around them. */
function folderOf(path: string): string {
  return posix.dirname(path).replace(/\/(io|testing)$/, "");
}

function isForTests({ kind }: Module): boolean {
  return kind === "test" || kind === "support";
}

/** A test in the folder, or beside the folder's front. */
function isTestOf(folder: string, { path }: Module): boolean {
  return folderOf(path) === folder || path.startsWith(`${folder}_`);
}

function isAsked({ path, kind }: Module): boolean {
  const isTestable = kind === "shipped" || kind === "script";
  return isTestable && !isProgram(path) && !/(^|\/)io\//.test(path);
}

function branchesOf({ tree }: Module): number {
  return [...nodesBelow(tree)].filter(({ kind }) => branches.has(kind)).length;
}
