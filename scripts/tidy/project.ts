/** The tree of sources as the rules see it: syntax trees, what each file imports, and what kind of file it is. */
import ts from "typescript";
import { type Import, importsOf } from "./imports.ts";
import { type Kind, kindOf } from "./kinds.ts";
import { lineOf } from "./nodes.ts";

/** One source file. Its path is relative to the top, with forward slashes. */
export interface Module {
  readonly path: string;
  readonly kind: Kind;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** What `deno.json` of the top and of the members say. */
export interface Settings {
  /** The import map: name to address. */
  readonly imports: Readonly<Record<string, string>>;
  /** Files that the members publish. */
  readonly published: readonly string[];
}

/** All of it. */
export interface Project {
  readonly modules: ReadonlyMap<string, Module>;
  readonly settings: Settings;
}

/** A place where a rule is broken. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  /** What is there and what is wanted. */
  readonly message: string;
}

/** One house rule. */
export interface Rule {
  readonly name: string;
  check(project: Project): Violation[];
}

/** Parses the files, given as path and text. */
export function projectOf(files: Readonly<Record<string, string>>, settings: Settings): Project {
  const modules = new Map<string, Module>();
  for (const [path, text] of Object.entries(files)) {
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    modules.set(path, { path, kind: kindOf(path), tree, imports: importsOf(tree) });
  }
  return { modules, settings };
}

/** Makes a rule that looks at one file at a time, generated ones left out. */
export function fileRule(name: string, check: (module: Module) => Iterable<[node: ts.Node, message: string]>): Rule {
  return {
    name,
    check: ({ modules }) =>
      [...modules.values()]
        .filter((module) => module.kind !== "generated")
        .flatMap((module) =>
          [...check(module)].map(([node, message]) => ({
            path: module.path,
            line: lineOf(module.tree, node.getStart(module.tree)),
            rule: name,
            message,
          }))
        ),
  };
}
