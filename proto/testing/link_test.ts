import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Link } from "../ports.ts";
import { VirtualClock } from "./clock.ts";
import { linkPair, type NetworkConditions, VirtualNetwork } from "./link.ts";
import { seededRandom } from "./random.ts";
import { connect, readBytes, testTransport, type TransportUnderTest } from "./transport_suite.ts";

function openMemory(conditions: Partial<NetworkConditions>) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork({ clock, random: seededRandom(7), conditions });
  const listener = network.listen({ node: "relay-1", port: 0 });
  const transport: TransportUnderTest = {
    listener,
    dialer: network.dialer(),
    target: { host: "anywhere", port: listener.port, node: "relay-1", trust: [] },
    run: (work) => clock.run(work),
  };
  return { clock, network, transport };
}

testTransport("memory", () => Promise.resolve(openMemory({}).transport));
testTransport(
  "memory, slow and in pieces",
  () => {
    const conditions = { delayMs: { min: 5, max: 80 }, bytesPerSecond: 5_000_000, pieceBytesMax: 64 * 1024 };
    return Promise.resolve(openMemory(conditions).transport);
  },
);

Deno.test("a cut ends both ends by the network and loses what is under way", async () => {
  const { clock, network, transport } = openMemory({ delayMs: { min: 10, max: 10 } });
  const { vehicle, relay } = await clock.run(connect(transport));
  await vehicle.write("live", new Uint8Array([1]));
  await clock.advance(10);
  await vehicle.write("live", new Uint8Array([2]));
  network.cut();
  strictEqual((await vehicle.ended).by, "network");
  strictEqual((await relay.ended).by, "network");
  deepStrictEqual(await readBytes(relay, { lane: "live", count: 1 }), new Uint8Array([1]));
  strictEqual(await relay.read("live", new Uint8Array(1)), undefined);
});

Deno.test("a network out of reach refuses dials and leaves open links alone", async () => {
  const { clock, network, transport } = openMemory({});
  const { vehicle, relay } = await clock.run(connect(transport));
  network.reachable = false;
  await rejects(transport.dialer.dial(transport.target, new AbortController().signal), { code: "link_dead" });
  await vehicle.write("control", new Uint8Array([1]));
  deepStrictEqual(await readBytes(relay, { lane: "control", count: 1 }), new Uint8Array([1]));
});

Deno.test("a throttled link takes as long as its rate says", async () => {
  const clock = new VirtualClock();
  const { vehicle, relay } = linkPair({ clock, random: seededRandom(1), conditions: { bytesPerSecond: 1000 } });
  const beganMs = clock.uptimeMs();
  await vehicle.write("live", new Uint8Array(500));
  await clock.run(readBytes(relay, { lane: "live", count: 500 }));
  strictEqual(clock.uptimeMs() - beganMs, 500);
});

Deno.test("the same seed gives the same course of events", async () => {
  const course = async (seed: number) => {
    const clock = new VirtualClock();
    const conditions = { delayMs: { min: 0, max: 50 } };
    const { vehicle, relay } = linkPair({ clock, random: seededRandom(seed), conditions });
    const times: number[] = [];
    const receive = async (link: Link) => {
      for (let i = 0; i < 20; i++) {
        await readBytes(link, { lane: "control", count: 1 });
        times.push(clock.uptimeMs());
        await link.write("control", new Uint8Array([i]));
      }
    };
    await vehicle.write("control", new Uint8Array([0]));
    await clock.run(Promise.all([receive(relay), receive(vehicle)]));
    return times;
  };
  deepStrictEqual(await course(3), await course(3));
  ok((await course(3)).join() !== (await course(4)).join());
});
