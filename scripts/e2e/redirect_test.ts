/** A shared name and nodes as real processes: who is sent where, and what becomes of it when a node drains. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import { developmentAuthority, validity as newValidity } from "../dev/authority.ts";
import { pathsOf, relayNode } from "../dev/layout.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import type { Child } from "../servers/child.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
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

/** A second node beside the one of a system, of the same authority and behind the same leaf. */
async function startSecondNode({ layout }: TestSystem, node: string): Promise<{ relay: Child; ports: RelayPorts }> {
  const authority = await developmentAuthority(pathsOf(layout.state).pki);
  const folder = join(layout.state, "second node");
  await Deno.mkdir(folder);
  const { relay: relayPassword } = await ensureSecrets(layout.state);
  const settings = { name: "second" };
  const where = { folder, leafPort: layout.ports.leaf, relayPassword };
  const ports = await writeRelayFolder(where, { authority, validity: newValidity(), node, settings });
  const relay = startRelay(where);
  await waitFor("the second node", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
  return { relay, ports };
}

/** Node that the agent is linked to, and its start; undefined while it is to none. */
async function linkOf(system: TestSystem): Promise<{ node: string; boot: string } | undefined> {
  const text = await tryFetch(`${system.agentUrl()}/v1/status`);
  const { link, node, boot } = JSON.parse(text ?? "{}");
  return link === "linked" ? { node, boot } : undefined;
}

async function postFrame(system: TestSystem, number: number): Promise<void> {
  const response = await fetch(`${system.agentUrl()}/v1/log`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stream: "telemetry", data: { number } }),
  });
  equal(response.status, 200, await response.text());
}

Deno.test("an agent whose node drains goes on at the other one, without a moment unlinked and without a frame lost", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const { layout, running } = system;
    const node = "127.0.0.1";
    const { relay, ports } = await startSecondNode(system, node);
    try {
      const file = pathsOf(layout.state).agentConfig("drone-001");
      const config = parse(await Deno.readTextFile(file));
      config.relay.addresses.push(`${node}:${ports.quic}`);
      await Deno.writeTextFile(file, stringify(config));
      const before = await linkOf(system);
      running.keeper.signal("agent-drone-001", "SIGTERM");
      const started = async () => {
        const link = await linkOf(system);
        return link !== undefined && link.boot !== before?.boot && link.node === relayNode || undefined;
      };
      await waitFor("the agent with both nodes", started, patience);

      let [posted, looks, unlinked] = [0, 0, 0];
      const post = async (until: () => boolean) => {
        for (; !until(); posted++) {
          await postFrame(system, posted);
          looks += 1;
          if (await linkOf(system) === undefined) unlinked += 1;
        }
      };
      await post(() => posted >= 50);
      const seesBoth = async () => {
        const text = await tryFetch(`http://127.0.0.1:${layout.ports.relayPrivate}/metrics`) ?? "";
        return text.includes('systemscale_relay_nodes_ready{shard="0"} 2') || undefined;
      };
      await waitFor("both nodes to be known", seesBoth, patience);
      running.keeper.signal("relay", "SIGTERM");
      let isMoved = false;
      const isThere = async () => (await linkOf(system))?.node === node || undefined;
      const moving = waitFor("the link at the other node", isThere, { ...patience, stepMs: 5 })
        .finally(() => isMoved = true);
      await post(() => isMoved);
      await moving;
      const atMove = posted;
      await post(() => posted >= atMove + 50);

      const rows = async () => await system.rows({ vehicle_id: "drone-001", stream: "telemetry" }).catch(() => []);
      await waitFor("every frame", async () => (await rows()).length >= posted || undefined, patience);
      const numbers = (await rows()).map(({ number }) => Number(number)).sort((a, b) => a - b);
      deepEqual(numbers, Array.from({ length: posted }, (_, at) => at));
      equal(unlinked, 0, `${unlinked} of ${looks} looks`);
    } finally {
      await relay.stop(5_000);
    }
  });
});
