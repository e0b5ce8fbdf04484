import { deepEqual, equal, ok } from "node:assert/strict";
import { cpuSecondsOf, parseStat, type ProcessStat, readStats, treeOf } from "./process_tree.ts";

Deno.test("a process is read whatever its name is", () => {
  const text = "4711 (a) b (c) S 17 4711 17 0 -1 4194560 100 200 0 0 150 50 25 75 20 0 11 0 12345 999 888\n";
  deepEqual(parseStat(text), { pid: 4711, parent: 17, ended: false, cpuSeconds: 3 });
  equal(parseStat(text.replace(" S ", " Z ")).ended, true);
});

Deno.test("a tree is the process, its children and theirs, in any order", () => {
  const stat = (pid: number, parent: number): ProcessStat => ({ pid, parent, ended: false, cpuSeconds: pid });
  const stats = [stat(40, 30), stat(30, 20), stat(20, 1), stat(50, 1), stat(31, 20)];
  deepEqual(treeOf(stats, 20).map(({ pid }) => pid), [20, 30, 31, 40]);
  equal(cpuSecondsOf(stats, 20), 121);
  deepEqual([treeOf(stats, 60), cpuSecondsOf(stats, 60)], [[], 0]);
});

Deno.test({
  name: "this very process is among those of the machine",
  // Other systems have no /proc.
  ignore: Deno.build.os !== "linux",
  fn: () => {
    const own = readStats().find(({ pid }) => pid === Deno.pid);
    ok(own !== undefined && own.parent === Deno.ppid && own.cpuSeconds > 0, JSON.stringify(own));
  },
});
