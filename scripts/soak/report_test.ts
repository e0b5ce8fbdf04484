import { equal, match } from "node:assert/strict";
import type { Findings } from "./account.ts";
import { countsText, restartsText, resultText, tableText } from "./report.ts";
import { RestartTimes } from "./restart_times.ts";

const good: Findings = {
  ...{ durable: 5, stored: 5, named: {}, lost: 0, doubled: 0, changed: 0, unanswered: 1, contradicted: 0 },
  examples: [],
};
const posts = { posts: 2, unanswered: 1, buffered: 0, refused: 0 };
const seconds = { posted: 1, well: 2.04, settled: 3 };

Deno.test("a table is aligned, and counts have their sum", () => {
  equal(tableText([["a", 1], ["long", "two"]]), "  a     1\n  long  two");
  equal(countsText({ relay: 20, hub: 18 }), "38: relay 20, hub 18");
  equal(countsText({}), "none");
});

Deno.test("the verdict is good only when nothing is lost, doubled, changed or contradicted", () => {
  const textOf = (findings: Findings) => resultText({ posts, findings, seconds });
  match(textOf(good), /well 2\.0 s.*\n(.*\n)* +verdict +GOOD/);
  for (const name of ["lost", "doubled", "changed", "contradicted"] as const) {
    match(textOf({ ...good, [name]: 1, examples: ["7/normal 3 ..."] }), /verdict +BAD\n +7\/normal 3/);
  }
  match(textOf({ ...good, stored: 4, named: { overwritten: 1 } }), /1: overwritten 1\n(.*\n)* +verdict +GOOD/);
  match(textOf({ ...good, stored: 4 }), /verdict +BAD/);
});

Deno.test("restarts are told with their goal", () => {
  const times = new RestartTimes(() => 0);
  match(restartsText(times), /^none measured/);
  times.timesMs.push(200, 300);
  match(restartsText(times), /max 300 ms of 2 restarts, 0 cut short; goal 300 ms reached;/);
  times.timesMs.push(301);
  match(restartsText(times), /missed;/);
});
