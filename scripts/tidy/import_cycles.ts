/** Rule: no file imports itself over others, types included, so that every file can be read after those it stands on. */
import { wayTo } from "./graph.ts";
import { lineOf } from "./nodes.ts";
import type { Rule, Violation } from "./project.ts";

/** See the head of this file. Each cycle is told once. */
export const importCycles: Rule = {
  name: "import cycles",
  check: (project) => {
    const told = new Set<string>();
    const found: Violation[] = [];
    for (const { path, tree } of project.modules.values()) {
      const way = told.has(path) ? undefined : wayTo(project, { from: path, isWanted: (_, target) => target === path });
      if (way === undefined) continue;
      for (const member of way.paths) told.add(member);
      const line = lineOf(tree, way.first.node.getStart(tree));
      found.push({ path, line, rule: "import cycles", message: way.paths.join(" -> ") });
    }
    return found;
  },
};
