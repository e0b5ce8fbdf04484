/** The graph of imports. */
import { type Import, targetOf } from "./imports.ts";
import type { Project } from "./project.ts";

/** A way over imports: the files from the start on, and where the last import leads. */
export interface Way {
  /** The import of the starting file. */
  readonly first: Import;
  readonly paths: readonly string[];
}

/** Whether an import is the one looked for; `target` is the file it names, or the specifier as written. */
export type Wanted = (one: Import, target: string) => boolean;

/** What to look for from where on, over which imports: all of them when nothing is said. */
export interface Search {
  readonly from: string;
  readonly isWanted: Wanted;
  readonly follows?: (one: Import) => boolean;
}

/** The shortest way from a file to an import that is wanted. */
export function wayTo(project: Project, { from, isWanted, follows = () => true }: Search): Way | undefined {
  const ways = new Map<string, Way | undefined>([[from, undefined]]);
  for (const [path, way] of ways) {
    for (const one of project.modules.get(path)?.imports.filter(follows) ?? []) {
      const target = targetOf(path, one.specifier) ?? one.specifier;
      const further = { first: way?.first ?? one, paths: [...(way?.paths ?? [from]), target] };
      if (isWanted(one, target)) return further;
      // A map that grows while it is walked gives its new entries too: nearest files first.
      if (!ways.has(target)) ways.set(target, further);
    }
  }
  return undefined;
}
