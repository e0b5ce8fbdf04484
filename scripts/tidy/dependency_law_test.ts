import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { dependencyLaw } from "./dependency_law.ts";
import { type Files, messageOf, placesOf } from "./testing/found.ts";

const imports = { hono: "npm:hono@4.0.0", "@nats-io/kv": "npm:@nats-io/kv@3.0.0" };

/** The one message that an import of `specifier` by `from` gives, when all files are there. */
function says(from: string, specifier: string, target = specifier.replace("#", "")): string | undefined {
  return messageOf(dependencyLaw, { [from]: `import "${specifier}";`, [target]: "" }, { imports });
}

Deno.test("members import proto, scripts import all, and nothing else crosses", () => {
  strictEqual(says("edge/a.ts", "#proto/b.ts"), undefined);
  strictEqual(says("scripts/a.ts", "#cloud/b.ts"), undefined);
  match(says("edge/a.ts", "#relay/b.ts") ?? "", /edge may not import relay/);
  match(says("proto/a.ts", "#edge/b.ts") ?? "", /proto may not import edge/);
  match(says("cloud/a.ts", "#scripts/b.ts") ?? "", /cloud may not import scripts/);
});

Deno.test("a file that is not there, and a path that leaves its member, are named", () => {
  match(messageOf(dependencyLaw, { "edge/a.ts": 'import "./gone.ts";' }) ?? "", /"\.\/gone\.ts" is not there/);
  match(says("edge/a.ts", "../proto/b.ts", "proto/b.ts") ?? "", /write "#proto\/b\.ts"/);
});

Deno.test("packages come by the names of the import map", () => {
  const of = (specifier: string) => messageOf(dependencyLaw, { "relay/a.ts": `import "${specifier}";` }, { imports });
  strictEqual(of("hono/http-exception"), undefined);
  strictEqual(of("node:path"), undefined);
  match(of("npm:hono@4") ?? "", /not in the import map/);
  match(of("https://example.com/a.ts") ?? "", /not in the import map/);
});

Deno.test("pure files of proto import no io, those of io may", () => {
  match(says("proto/a.ts", "./io/b.ts", "proto/io/b.ts") ?? "", /pure files of proto/);
  strictEqual(says("proto/io/a.ts", "./b.ts", "proto/io/b.ts"), undefined);
  strictEqual(says("edge/main.ts", "#proto/io/b.ts"), undefined);
});

Deno.test("shipped code imports neither tests nor what is for tests", () => {
  match(says("edge/a.ts", "#proto/testing/b.ts") ?? "", /is for tests/);
  match(says("edge/a.ts", "./b_suite.ts", "edge/b_suite.ts") ?? "", /is for tests/);
  strictEqual(says("edge/a_test.ts", "#proto/testing/b.ts"), undefined);
  match(says("edge/testing/a.ts", "../b_test.ts", "edge/b_test.ts") ?? "", /nothing may import the test/);
});

Deno.test("services of cloud stand on lib and the configuration's form, and on nothing else of cloud", () => {
  const files: Files = {
    "cloud/config.ts": "",
    "cloud/main.ts": 'import "./config.ts";\nimport "./query/app.ts";',
    "cloud/supervisor.ts": "",
    "cloud/lib/store.ts": 'import "../config.ts";\nimport "../query/app.ts";',
    "cloud/query/app.ts": 'import "../lib/store.ts";\nimport "../supervisor.ts";\nimport "../ingest/plan.ts";',
    "cloud/ingest/plan.ts": 'import "../config.ts";',
  };
  deepStrictEqual(placesOf(dependencyLaw, files), [
    "cloud/lib/store.ts:2",
    "cloud/query/app.ts:2",
    "cloud/query/app.ts:3",
  ]);
});

Deno.test("what may not be reached is found over any number of imports", () => {
  const base: Files = {
    "proto/base/a.ts": 'import type { B } from "../b.ts";',
    "proto/b.ts": 'import "./gen/c_pb.ts";',
    "proto/gen/c_pb.ts": "",
  };
  strictEqual(
    messageOf(dependencyLaw, base),
    "reaches the schema: proto/base/a.ts -> proto/b.ts -> proto/gen/c_pb.ts",
  );
  const edge: Files = { "edge/main.ts": 'import "#proto/io/nats.ts";', "proto/io/nats.ts": 'import "@nats-io/kv";' };
  match(messageOf(dependencyLaw, edge, { imports }) ?? "", /^reaches the NATS client: /);
});

Deno.test("the agent's program reaches protobuf only by an import that it comes to later", () => {
  const agent = (head: string): Files => ({
    "edge/main.ts": head,
    "edge/uplink.ts": 'import "@bufbuild/protobuf";',
  });
  const map = { ...imports, "@bufbuild/protobuf": "npm:@bufbuild/protobuf@2.0.0" };
  const told = (head: string) => messageOf(dependencyLaw, agent(head), { imports: map });
  strictEqual(
    told('import "./uplink.ts";'),
    "reaches protobuf before frames are taken: edge/main.ts -> edge/uplink.ts -> @bufbuild/protobuf",
  );
  strictEqual(told('import type { A } from "./uplink.ts";\nawait import("./uplink.ts");'), undefined);
});
