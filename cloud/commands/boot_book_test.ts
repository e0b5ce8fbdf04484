import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { HelloSchema, ProofFieldsSchema } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { afterLogin, bootText, readBoot, uptimeAt } from "./boot_book.ts";

function loginOf(boot: number, { counter = 1n, uptimeMs = 5_000n } = {}) {
  return {
    hello: create(HelloSchema, { boot: new Uint8Array(16).fill(boot) }),
    fields: create(ProofFieldsSchema, { uptimeNs: uptimeMs * 1_000_000n, linkCounter: counter }),
  };
}

Deno.test("the latest login tells boot and uptime; the journal stays", () => {
  const first = afterLogin(undefined, loginOf(1), 100);
  equal([first?.boot, first?.uptimeMs], ["01".repeat(16), 5_000]);
  const known = first && { ...first, journal: "ab" };
  strictEqual(afterLogin(known, loginOf(1), 200), undefined);
  equal(afterLogin(known, loginOf(1, { counter: 2n, uptimeMs: 9_000n }), 200)?.uptimeMs, 9_000);
  const next = afterLogin(known, loginOf(2, { uptimeMs: 10n }), 300);
  equal([next?.boot, next?.uptimeMs, next?.journal], ["02".repeat(16), 10, "ab"]);
  equal(next && readBoot(bootText(next)), next);
});

Deno.test("uptime goes on with the cloud's clock, and never back", () => {
  const facts = afterLogin(undefined, loginOf(1), 100);
  equal(facts && [uptimeAt(facts, 100), uptimeAt(facts, 1_100), uptimeAt(facts, 0)], [5_000, 6_000, 5_000]);
});
