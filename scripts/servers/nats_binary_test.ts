import { match, strictEqual } from "node:assert/strict";
import { versionFault } from "./nats_binary.ts";

Deno.test("old servers are refused with their version", () => {
  match(versionFault("nats-server: v2.9.10") ?? "", /2\.9\.10 is older/);
  match(versionFault("hello") ?? "", /no version/);
  strictEqual(versionFault("nats-server: v2.12.0\n"), undefined);
  strictEqual(versionFault("nats-server: v3.0.1"), undefined);
});
