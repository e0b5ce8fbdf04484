/** Rule: packages are pinned exactly, in the one import map, so that two machines run the same code. */
import type { Rule } from "./project.ts";

/** See the head of this file. */
export const packages: Rule = {
  name: "packages",
  check: ({ settings }) =>
    Object.entries(settings.imports)
      .filter(([, address]) => !/^\.\//.test(address) && !/^npm:(@[^/@]+\/)?[^/@]+@\d+\.\d+\.\d+(\/|$)/.test(address))
      .map(([name, address]) => ({
        path: "deno.json",
        line: 1,
        rule: "packages",
        message: `"${name}" is "${address}": wanted npm:name@1.2.3`,
      })),
};
