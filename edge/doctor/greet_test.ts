import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { doctorHelloMs } from "../limits.ts";
import { makeFleet, type RelayManners } from "../testing/scripted_relay.ts";
import type { QuicEvidence } from "./evidence.ts";
import { greet } from "./greet.ts";

async function greeted(manners: Partial<RelayManners>, cut = false) {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  Object.assign(relay.manners, manners);
  const { clock, random, network } = fleet;
  const [target] = fleet.targets().relays;
  const link = await clock.run(network.dialer().dial(target, new AbortController().signal));
  if (cut) link.close({ code: 0, reason: "" });
  const evidence = await clock.run(greet(link, { identity: fleet.identity(), node: target.node, clock, random }));
  return { evidence, relay, clock, end: await clock.run(link.ended) };
}

Deno.test("a relay that takes the certificate tells its time, and no session begins", async () => {
  const { evidence, relay, end } = await greeted({});
  ok(evidence.kind === "challenged" && evidence.relayTimeNs > 0n);
  equal([relay.logins, end.code], [0, 0]);
});

Deno.test("what a relay answers otherwise is told as it is", async () => {
  const cases: readonly (readonly [Partial<RelayManners>, QuicEvidence["kind"]])[] = [
    [{ refuse: { code: "certificate_revoked", retryAfterMs: 0 } }, "refused"],
    [{ redirect: { node: "other.relay-1.test", port: 443, expiresAtMs: 0n } }, "redirected"],
    [{ silent: true }, "mute"],
  ];
  for (const [manners, kind] of cases) equal((await greeted(manners)).evidence.kind, kind);
});

Deno.test("silence is waited for so long and no longer", async () => {
  const { evidence, clock } = await greeted({ silent: true });
  equal(evidence, { kind: "mute", afterMs: doctorHelloMs });
  ok(clock.uptimeMs() < 2 * doctorHelloMs);
});

Deno.test("a link that is cut is no endless wait", async () => {
  const { evidence } = await greeted({}, true);
  ok(evidence.kind === "refused" || evidence.kind === "strange", evidence.kind);
});
