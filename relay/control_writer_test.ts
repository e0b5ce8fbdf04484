import { equal } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { linkPair } from "#proto/testing/link.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { ControlWriter } from "./control_writer.ts";
import { controlBacklogBytesMax } from "./limits.ts";

Deno.test("the backlog of a vehicle that does not read is bounded, and has room again once it reads", async () => {
  const clock = new VirtualClock();
  const pair = linkPair({ clock, random: seededRandom(1), conditions: { windowBytes: 1000 } });
  const writer = new ControlWriter(pair.relay, { lane: "control", backlogBytesMax: controlBacklogBytesMax });
  const frame = new Uint8Array(64 * 1024);
  let written = 0;
  while (writer.write(frame)) written += frame.byteLength;
  equal(written > controlBacklogBytesMax - 2 * frame.byteLength && written <= controlBacklogBytesMax, true);
  await clock.advance(10);
  for (let read = 0; read < written;) {
    read += (await pair.vehicle.read("control", new Uint8Array(64 * 1024)))?.bytes.byteLength ?? Infinity;
  }
  await clock.advance(10);
  equal(writer.write(frame), true);
});
