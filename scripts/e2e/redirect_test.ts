/** A shared name and two nodes as real processes: who is sent where, and what becomes of it when a node drains. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import type { Child } from "../servers/child.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";
import { type RelayPorts, startRelay, writeRelayFolder } from "./relay_process.ts";

Deno.test("a shared name sends vehicles to its nodes, and one that drains sends its own on to the other", async () => {
  const pair = await startNatsPair();
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority("redirect e2e", validity);
  const relays = new Map<string, Child>();
  const start = async (node: string, role: string): Promise<RelayPorts> => {
    const folder = { ...pair, folder: join(pair.folder, node) };
    await Deno.mkdir(folder.folder);
    const name = node.replaceAll(".", "-");
    const ports = await writeRelayFolder(folder, { authority, validity, node, settings: { name, role } });
    relays.set(node, startRelay(folder));
    await waitFor(`${node} to live`, () => tryFetch(`http://127.0.0.1:${ports.private}/healthz`), patience);
    return ports;
  };
  const dial = async (node: string, port: number, id: string): Promise<TestVehicle> => {
    const leaf = await authority.issueVehicle(id, validity);
    const target = { host: "127.0.0.1", port, node, trust: [authority.relayIssuer.certPem] };
    const link = await quicDialer().dial(target, AbortSignal.timeout(5_000));
    const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node, leaf });
    await waitFor("an answer", () => Promise.resolve(vehicle.outcome ?? vehicle.end), patience);
    return vehicle;
  };
  try {
    const shared = await start("relay.test", "shared_name");
    const nodes = { "a.relay.test": 0, "b.relay.test": 0 };
    for (const node of ["a.relay.test", "b.relay.test"] as const) nodes[node] = (await start(node, "node")).quic;
    const isReady = async () => {
      const text = await tryFetch(`http://127.0.0.1:${shared.private}/metrics`) ?? "";
      return text.includes('systemscale_relay_nodes_ready{shard="0"} 2') || undefined;
    };
    await waitFor("both nodes at the shared name", isReady, patience);

    const sent = async (id: string) => {
      const { outcome } = await dial("relay.test", shared.quic, id);
      ok(outcome?.kind === "redirect", outcome?.kind);
      const node = outcome.redirect.node as keyof typeof nodes;
      equal(outcome.redirect.port, nodes[node]);
      return node;
    };
    const first = await sent("drone-001");
    equal(await sent("drone-001"), first);
    const vehicle = await dial(first, nodes[first], "drone-001");
    equal(vehicle.outcome?.kind, "welcome");

    const other = first === "a.relay.test" ? "b.relay.test" : "a.relay.test";
    await relays.get(first)?.stop(5_000);
    await waitFor("the end of the link", () => Promise.resolve(vehicle.end), patience);
    deepEqual(vehicle.messages("redirect").map(({ node, port }) => [node, port]), [[other, nodes[other]]]);
    equal(await sent("drone-001"), other);
    equal((await dial(other, nodes[other], "drone-001")).outcome?.kind, "welcome");
  } finally {
    await Promise.all([...relays.values()].map((relay) => relay.stop(5_000)));
    await pair.stop();
  }
});
