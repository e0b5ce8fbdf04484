import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { setImmediate } from "node:timers";
import { LaneWriter } from "./lane_writer.ts";

/** A stream that notes its writes and takes each only when told. */
function openSink() {
  const writes: number[][] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const stream = new WritableStream<Uint8Array>({
    write: (bytes) => {
      writes.push([...bytes]);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    stream,
    writes,
    turn,
    take: (i: number) => gates[i].resolve(),
    fail: (i: number) => gates[i].reject(new Error("gone")),
  };
}

Deno.test("what waits while a write is under way goes out in one piece, in order", async () => {
  const sink = openSink();
  const writer = new LaneWriter(Promise.resolve(sink.stream));
  const first = writer.write(new Uint8Array([1]));
  await sink.turn();
  const others = Promise.all([2, 3, 4].map((byte) => writer.write(new Uint8Array([byte]))));
  await sink.turn();
  deepStrictEqual(sink.writes, [[1]]);
  sink.take(0);
  await first;
  await sink.turn();
  deepStrictEqual(sink.writes, [[1], [2, 3, 4]]);
  sink.take(1);
  await others;
  await writer.drained();
});

Deno.test("large pieces are not copied together", async () => {
  const sink = openSink();
  const writer = new LaneWriter(Promise.resolve(sink.stream));
  const all = Promise.all([writer.write(new Uint8Array(40_000)), writer.write(new Uint8Array(40_000))]);
  await sink.turn();
  sink.take(0);
  await sink.turn();
  deepStrictEqual(sink.writes.map(({ length }) => length), [40_000, 40_000]);
  sink.take(1);
  await all;
});

Deno.test("a failed write and everything behind it are told", async () => {
  const sink = openSink();
  const writer = new LaneWriter(Promise.resolve(sink.stream));
  const told = [rejects(writer.write(new Uint8Array([1])), { code: "link_dead" })];
  await sink.turn();
  told.push(rejects(writer.write(new Uint8Array([2])), { code: "link_dead" }));
  sink.fail(0);
  await Promise.all(told);
  await rejects(writer.write(new Uint8Array([3])), { code: "link_dead" });
  await writer.drained();
  strictEqual(sink.writes.length, 1);
});

Deno.test("writers to a stream that never comes are told at the end", async () => {
  const writer = new LaneWriter(new Promise(() => {}));
  const told = rejects(writer.write(new Uint8Array([1])), { code: "link_dead" });
  await Promise.resolve();
  writer.end();
  await told;
});

Deno.test("no more than 4 MiB wait for a peer that does not read", async () => {
  const sink = openSink();
  const writer = new LaneWriter(Promise.resolve(sink.stream));
  const first = writer.write(new Uint8Array(1));
  await sink.turn();
  const full = rejects(writer.write(new Uint8Array(4 * 1024 * 1024)), { code: "link_dead" });
  await rejects(writer.write(new Uint8Array(1)), /does not read/);
  writer.end();
  await full;
  sink.take(0);
  await first;
});
