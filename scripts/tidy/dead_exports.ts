/**
 * Rule: an export is used by another file that is not for tests, or by its own file and a test. So nothing is written
 * that only tests run, and nothing is exported for nobody. Free are programs, what a member's deno.json publishes, and a
 * type that its own file uses, as such a type is part of what the file's functions take and give.
 */
import ts from "typescript";
import { targetOf } from "./imports.ts";
import { isProgram } from "./kinds.ts";
import { isExported, lineOf, nodesBelow } from "./nodes.ts";
import type { Module, Project, Rule, Violation } from "./project.ts";

const name = "dead exports";

/** See the head of this file. */
export const deadExports: Rule = {
  name,
  check: (project) => {
    const uses = { running: usesBy(project, isRunning), tests: usesBy(project, (importer) => !isRunning(importer)) };
    const published = new Set(project.settings.published);
    return [...project.modules.values()]
      .filter(({ kind, path }) => kind !== "generated" && kind !== "test" && !isProgram(path) && !published.has(path))
      .flatMap((module) => deadOf(module, uses));
  },
};

/** Names imported of each file, `*` for all of them. */
type NamesByFile = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports what: code that is run for its own sake, and code that is there for tests. */
interface Uses {
  readonly running: NamesByFile;
  readonly tests: NamesByFile;
}

function usesBy({ modules }: Project, counts: (importer: Module) => boolean): NamesByFile {
  const used = new Map<string, Set<string>>();
  for (const module of [...modules.values()].filter(counts)) {
    for (const { specifier, names } of module.imports) {
      const target = targetOf(module.path, specifier) ?? specifier;
      const already = used.get(target) ?? new Set();
      used.set(target, already);
      for (const one of names === "all" ? ["*"] : names) already.add(one);
    }
  }
  return used;
}

/** Whether a file is run for its own sake. */
function isRunning({ kind }: Module): boolean {
  return kind !== "test" && kind !== "support";
}

function deadOf(module: Module, uses: Uses): Violation[] {
  const { path, tree } = module;
  return tree.statements.flatMap(declarationsOf)
    .filter((node) => !isAlive(node, module, uses))
    .map((node) => ({
      path,
      line: lineOf(tree, node.getStart(tree)),
      rule: name,
      message: `"${node.name.text}" is exported, but no file except tests imports it`,
    }));
}

/** What scripts and test support export is there for tests too. */
function isAlive(node: Named, { path, kind, tree }: Module, { running, tests }: Uses): boolean {
  const isUsedBy = (by: NamesByFile) => by.get(path)?.has(node.name.text) === true || by.get(path)?.has("*") === true;
  if (isUsedBy(running)) return true;
  const isTested = isUsedBy(tests);
  return kind === "shipped" ? isMentioned(node, tree) && (isTested || isType(node)) : isTested || isType(node);
}

type Named = ts.Node & { readonly name: ts.Identifier };

function declarationsOf(statement: ts.Statement): Named[] {
  return exportedNodes(statement).filter((node): node is Named => {
    const { name } = node as Partial<Named>;
    return name !== undefined && ts.isIdentifier(name);
  });
}

function exportedNodes(statement: ts.Statement): ts.Node[] {
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause;
    return clause !== undefined && ts.isNamedExports(clause) ? [...clause.elements] : [];
  }
  if (!isExported(statement)) return [];
  return ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : [statement];
}

function isType(node: ts.Node): boolean {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function isMentioned({ name }: Named, tree: ts.SourceFile): boolean {
  return [...nodesBelow(tree)].some((node) => ts.isIdentifier(node) && node !== name && node.text === name.text);
}
