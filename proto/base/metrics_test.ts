import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { mergeMetrics, type MetricFamily, metricsText, samplesBy } from "./metrics.ts";

const links: MetricFamily = { name: "links", type: "gauge", help: "Open links", samples: [{ value: 2 }] };

Deno.test("a family is written in one piece, with the labels of all before its own", () => {
  const refused = samplesBy("code", Object.entries({ busy: 3, bad_proof: 1 }));
  const family: MetricFamily = { name: "refused_total", type: "counter", help: "Refused logins", samples: refused };
  strictEqual(
    metricsText([links, family], { shard: 0 }),
    `# HELP links Open links
# TYPE links gauge
links{shard="0"} 2
# HELP refused_total Refused logins
# TYPE refused_total counter
refused_total{shard="0",code="busy"} 3
refused_total{shard="0",code="bad_proof"} 1
`,
  );
  strictEqual(metricsText([links]).split("\n")[2], "links 2");
});

Deno.test("what would end a label or a line is escaped", () => {
  const samples = [{ labels: { path: 'C:\\a"\n' }, value: 1 }];
  strictEqual(
    metricsText([{ name: "a", type: "gauge", help: "b\nc", samples }]),
    '# HELP a b\\nc\n# TYPE a gauge\na{path="C:\\\\a\\"\\n"} 1\n',
  );
});

Deno.test("the texts of several sources become one, each family in one piece", () => {
  const other: MetricFamily = { ...links, name: "lanes" };
  const lines = mergeMetrics([0, 1].map((shard) => metricsText([links, other], { shard }))).split("\n");
  deepStrictEqual(lines.filter((line) => !line.startsWith("# HELP")), [
    "# TYPE links gauge",
    'links{shard="0"} 2',
    'links{shard="1"} 2',
    "# TYPE lanes gauge",
    'lanes{shard="0"} 2',
    'lanes{shard="1"} 2',
    "",
  ]);
});

Deno.test("a sample without a head is kept, those of a histogram stay with it", () => {
  const histogram = '# TYPE wait histogram\nwait_bucket{le="1"} 1\nwait_count 1\n';
  strictEqual(mergeMetrics(["bare 1\n", histogram, "bare 2\n"]), `bare 1\nbare 2\n${histogram}`);
});
