/** What every transport must do, whatever it runs on: Dialer, Listener and Link of `proto/ports.ts`. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Lane } from "../class.ts";
import { closeOf, codeOfEnd } from "../link_end.ts";
import type { Dialer, DialTarget, Link, Listener } from "../ports.ts";

/** One transport, ready for a test. */
export interface TransportUnderTest {
  readonly dialer: Dialer;
  readonly listener: Listener;
  /** Where the listener answers. */
  readonly target: DialTarget;
  /** Lets time pass until the work settles. */
  run<T>(work: Promise<T>): Promise<T>;
}

const never = new AbortController().signal;

/** Registers the suite's tests under the transport's name. */
export function testTransport(name: string, open: () => Promise<TransportUnderTest>): void {
  const test = (behaviour: string, body: (transport: TransportUnderTest) => Promise<void>) => {
    Deno.test(`${name}: ${behaviour}`, async () => {
      const transport = await open();
      await transport.run(body(transport).finally(() => transport.listener.close()));
    });
  };

  test("bytes of each lane arrive whole and in order", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    const routes: [Lane, Link, Link][] = [
      ["control", vehicle, relay],
      ["command", vehicle, relay],
      ["live", vehicle, relay],
      ["backfill", vehicle, relay],
      ["control", relay, vehicle],
      ["command", relay, vehicle],
    ];
    await Promise.all(routes.map(async ([lane, from, to], i) => {
      const parts = Array.from({ length: 50 }, (_, turn) => new Uint8Array(1 + turn * 37 % 997).fill(turn + i));
      const written = Promise.all(parts.map((part) => from.write(lane, part)));
      deepStrictEqual(
        await readBytes(to, { lane: lane, count: total(parts) }),
        concat(parts),
        `${lane} from ${from.peer}`,
      );
      await written;
    }));
    await closeBoth(vehicle, relay);
  });

  test("a lane that nobody reads holds its writer back and no other lane", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    const piece = new Uint8Array(256 * 1024).fill(1);
    const pieces = 64;
    let taken = 0;
    const flood = (async () => {
      for (; taken < pieces; taken++) await vehicle.write("backfill", piece);
    })();
    await vehicle.write("control", new Uint8Array([1, 2, 3]));
    deepStrictEqual(await readBytes(relay, { lane: "control", count: 3 }), new Uint8Array([1, 2, 3]));
    await vehicle.write("live", new Uint8Array([4]));
    deepStrictEqual(await readBytes(relay, { lane: "live", count: 1 }), new Uint8Array([4]));
    ok(taken < pieces, `writer was held back after ${taken} of ${pieces}`);
    await drain(relay, { lane: "backfill", count: pieces * piece.byteLength });
    await flood;
    await closeBoth(vehicle, relay);
  });

  test("the peer learns code and reason, and reads what was written before the close", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    await vehicle.write("control", new Uint8Array([1]));
    await readBytes(relay, { lane: "control", count: 1 });
    void relay.write("control", new Uint8Array([5, 6]));
    const farewell = readBytes(vehicle, { lane: "control", count: 2 });
    relay.close(closeOf("busy"));
    deepStrictEqual(await farewell, new Uint8Array([5, 6]));
    const [there, here] = await Promise.all([vehicle.ended, relay.ended]);
    deepStrictEqual({ ...there }, { ...closeOf("busy"), by: "peer" });
    deepStrictEqual({ ...here }, { ...closeOf("busy"), by: "self" });
    strictEqual(codeOfEnd(there), "busy");
  });

  test("after the end writes are refused and reads give nothing, and a second close changes nothing", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    const pending = relay.read("live", new Uint8Array(10));
    vehicle.close({ code: 0, reason: "" });
    vehicle.close(closeOf("busy"));
    await rejects(vehicle.write("control", new Uint8Array(1)), { code: "link_dead" });
    strictEqual((await relay.ended).by, "peer");
    strictEqual(codeOfEnd(await relay.ended), undefined);
    strictEqual(await pending, undefined);
    strictEqual(await relay.read("control", new Uint8Array(10)), undefined);
    strictEqual(await vehicle.read("control", new Uint8Array(10)), undefined);
    await rejects(relay.write("control", new Uint8Array(1)), { code: "link_dead" });
    strictEqual((await vehicle.ended).code, 0);
  });

  test("a writer that is held back is told of the end", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    const flood = (async () => {
      for (;;) await vehicle.write("backfill", new Uint8Array(256 * 1024));
    })();
    const told = rejects(flood, { code: "link_dead" });
    await vehicle.write("control", new Uint8Array(1));
    await readBytes(relay, { lane: "control", count: 1 });
    relay.close(closeOf("draining"));
    await told;
    strictEqual(codeOfEnd(await vehicle.ended), "draining");
    await relay.ended;
  });

  test("telemetry lanes go one way", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    for (const lane of ["live", "backfill"] as const) {
      await rejects(async () => await relay.write(lane, new Uint8Array(1)), { name: "AssertionError" });
      await rejects(async () => await vehicle.read(lane, new Uint8Array(1)), { name: "AssertionError" });
    }
    await closeBoth(vehicle, relay);
  });

  test("several links live beside each other", async (transport) => {
    const pairs = [await connect(transport), await connect(transport), await connect(transport)];
    await Promise.all(pairs.map(async ({ vehicle, relay }, i) => {
      await vehicle.write("live", new Uint8Array([i]));
      deepStrictEqual(await readBytes(relay, { lane: "live", count: 1 }), new Uint8Array([i]));
      ok(relay.peer !== "" && vehicle.peer !== "");
    }));
    for (const { vehicle, relay } of pairs) await closeBoth(vehicle, relay);
  });

  test("a dial that is called off is rejected", async ({ dialer, target }) => {
    await rejects(dialer.dial(target, AbortSignal.abort("enough")), { code: "link_dead" });
  });

  test("a listener that closes ends its links in good order", async (transport) => {
    const { vehicle, relay } = await connect(transport);
    await vehicle.write("control", new Uint8Array([1]));
    await readBytes(relay, { lane: "control", count: 1 });
    await transport.listener.close();
    deepStrictEqual({ ...await relay.ended }, { code: 0, reason: "", by: "self" });
    deepStrictEqual({ ...await vehicle.ended }, { code: 0, reason: "", by: "peer" });
  });

  test("a listener that closes hands out no more links", async ({ listener }) => {
    const all: Link[] = [];
    const taking = (async () => {
      for await (const link of listener.accept()) all.push(link);
    })();
    await listener.close();
    await taking;
    strictEqual(all.length, 0);
  });
}

/** Dials and accepts one link. */
export async function connect(
  { dialer, listener, target }: TransportUnderTest,
): Promise<{ vehicle: Link; relay: Link }> {
  const [vehicle, relay] = await Promise.all([dialer.dial(target, never), nextLink(listener)]);
  return { vehicle, relay };
}

/** Reads exactly that many bytes. */
export async function readBytes(link: Link, { lane, count }: { lane: Lane; count: number }): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let missing = count; missing > 0;) {
    const chunk = await link.read(lane, new Uint8Array(missing));
    ok(chunk !== undefined, `lane "${lane}" goes on: ${missing} of ${count} bytes are missing`);
    parts.push(chunk.bytes);
    missing -= chunk.bytes.byteLength;
  }
  return concat(parts);
}

async function nextLink(listener: Listener): Promise<Link> {
  const iterator = listener.accept()[Symbol.asyncIterator]();
  const { value, done } = await iterator.next();
  ok(!done, "a link comes in");
  return value;
}

async function drain(link: Link, { lane, count }: { lane: Lane; count: number }): Promise<void> {
  let buffer = new Uint8Array(256 * 1024);
  for (let missing = count; missing > 0;) {
    const chunk = await link.read(lane, buffer);
    ok(chunk !== undefined, `lane "${lane}" goes on`);
    missing -= chunk.bytes.byteLength;
    buffer = new Uint8Array(chunk.bytes.buffer as ArrayBuffer);
  }
}

async function closeBoth(vehicle: Link, relay: Link): Promise<void> {
  vehicle.close({ code: 0, reason: "" });
  await Promise.all([vehicle.ended, relay.ended]);
}

function total(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(total(parts));
  parts.reduce((at, part) => (all.set(part, at), at + part.byteLength), 0);
  return all;
}
