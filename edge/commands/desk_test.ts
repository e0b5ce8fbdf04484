import { deepStrictEqual as equal, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Fault } from "#proto/errors.ts";
import { DownwardSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { signCommand } from "#proto/order.ts";
import { commandOf, makeOrderRoot } from "#proto/testing/orders.ts";
import { commandAheadMsMax, eventAgainMs, openCommandsMax, softwareLeaseMs, tellAgainMs } from "../limits.ts";
import { CommandStage } from "./testing/stage.ts";

async function opened(): Promise<CommandStage> {
  return await new CommandStage().open();
}

Deno.test("a command is delivered, claimed, goes on and succeeds, and each step is told", async () => {
  const stage = await opened();
  const software = stage.desk.attach("pilot");
  const id = stage.command({ data: '{"alt":5}' });
  await stage.settled();
  const offered = await software.next();
  ok(offered?.kind === "command");
  equal([offered.data.id, offered.data.type, offered.data.data, offered.data.state], [
    id,
    "rtl",
    { alt: 5 },
    "delivered",
  ]);
  equal([(await stage.desk.claim(id)).state, stage.desk.status.running], ["executing", 1]);
  await stage.desk.progress(id, '{"at":1}');
  await stage.desk.result(id, { state: "succeeded", data: "{}" });
  equal(stage.take(), ["1 delivered", "2 executing", "3 executing progress", "4 succeeded"]);
  await rejects(stage.desk.claim(id), { code: "wrong_state" });
  await rejects(stage.desk.claim(stage.id()), { code: "not_found" });
});

Deno.test("what comes again is told again and never begins twice", async () => {
  const stage = await opened();
  const deadlineUptimeMs = BigInt(Math.round(stage.clock.uptimeMs())) + 60_000n;
  const value = signCommand(stage.signer, commandOf({ id: stage.id(), boot: stage.boot, deadlineUptimeMs }));
  const bytes = toBinary(DownwardSchema, create(DownwardSchema, { word: { case: "command", value } }));
  for (let i = 0; i < 3; i++) stage.again(bytes);
  await stage.settled();
  // Copies of a question are one: answers must not wait behind answers.
  equal(stage.take(), ["1 delivered"]);
  await stage.clock.advance(tellAgainMs);
  for (let i = 0; i < 3; i++) stage.again(bytes);
  await stage.settled();
  equal(stage.take(), ["1 delivered"]);
  const software = stage.desk.attach("pilot");
  const offered = await software.next();
  ok(offered?.kind === "command");
  await stage.desk.claim(offered.data.id);
  await stage.desk.result(offered.data.id, { state: "failed", code: "no_gps" });
  stage.take();
  await stage.clock.advance(tellAgainMs);
  stage.again(bytes);
  await stage.settled();
  equal(stage.take().slice(-1), ["3 failed no_gps"]);
  strictEqual(stage.desk.status.waiting, 0);
});

Deno.test("an outcome is told until the cloud has kept it, over whatever link there is", async () => {
  const stage = await opened();
  const running = new AbortController();
  const run = stage.desk.run(running.signal);
  const id = stage.command({ boot: new Uint8Array(16) });
  await stage.settled();
  equal(stage.take(), ["1 rejected other_boot"]);
  await stage.clock.advance(eventAgainMs + 1_000);
  ok(stage.take().length >= 1);
  stage.settle(id, 1);
  await stage.settled();
  stage.take();
  await stage.clock.advance(2 * eventAgainMs);
  equal(stage.take(), []);
  running.abort();
  await stage.clock.run(run);
});

Deno.test("each reason not to obey has its word", async () => {
  const stage = await opened();
  const now = BigInt(Math.round(stage.clock.uptimeMs()));
  stage.command({ deadlineUptimeMs: now });
  stage.command({ deadlineUptimeMs: now + BigInt(commandAheadMsMax) + 1_000n });
  stage.command({ data: "[1]" });
  stage.command({ boot: new Uint8Array(16).fill(9) });
  await stage.settled();
  equal(stage.take(), ["1 expired late", "1 rejected bad_deadline", "1 rejected bad_data", "1 rejected other_boot"]);
  // No word at all for what is not by the root, or for another vehicle.
  const stranger = makeOrderRoot().signer();
  stage.send({ case: "command", value: signCommand(stranger, commandOf({ boot: stage.boot })) });
  stage.command({ vehicleId: "drone-002" });
  await stage.settled();
  equal(stage.take(), []);
  throws(() => stage.desk.handleFrame(new Uint8Array([255])), { code: "bad_message" });
  for (let i = 0; i <= openCommandsMax; i++) stage.command();
  await stage.settled();
  equal(stage.take().slice(-2), ["1 delivered", "1 rejected busy"]);
});

Deno.test("a command that nobody takes expires, one whose software is gone becomes unknown", async () => {
  const stage = await opened();
  const running = new AbortController();
  const run = stage.desk.run(running.signal);
  const lost = stage.command();
  await stage.settled();
  const software = stage.desk.attach("pilot");
  await stage.desk.claim(lost);
  stage.command({ deadlineUptimeMs: BigInt(Math.round(stage.clock.uptimeMs())) + 3_000n });
  await stage.clock.advance(4_000);
  ok(stage.take().includes("2 expired no_software"));
  stage.desk.detach(software);
  await stage.clock.advance(softwareLeaseMs - 1_000);
  strictEqual(stage.desk.status.running, 1);
  await stage.clock.advance(2_000);
  equal([stage.desk.status.running, stage.take().includes("3 unknown software_lost")], [0, true]);
  running.abort();
  await stage.clock.run(run);
});

Deno.test("software that comes back in time goes on with what it had begun", async () => {
  const stage = await opened();
  const id = stage.command();
  await stage.settled();
  const first = stage.desk.attach("pilot");
  await stage.desk.claim(id);
  throws(() => stage.desk.attach("another"), { code: "already_attached" });
  stage.desk.detach(first);
  const second = stage.desk.attach("pilot");
  const offered = await second.next();
  ok(offered?.kind === "command");
  equal([offered.data.id, offered.data.state], [id, "executing"]);
  await stage.desk.result(id, { state: "succeeded" });
  equal(stage.take().at(-1), "3 succeeded");
});

Deno.test("a cancel takes back what was not begun, asks for what was, and forbids what comes later", async () => {
  const stage = await opened();
  const [waiting, begun, later] = [stage.command(), stage.command(), stage.id()];
  await stage.settled();
  const software = stage.desk.attach("pilot");
  await stage.desk.claim(begun);
  stage.take();
  await stage.clock.advance(tellAgainMs);
  for (const id of [waiting, begun, later]) stage.cancel(id);
  await stage.settled();
  // What was begun says again where it is.
  equal(stage.take(), ["2 cancelled", "1 delivered", "2 executing", "1 cancelled before_arrival"]);
  await stage.clock.advance(tellAgainMs);
  stage.command({ id: later });
  await stage.settled();
  equal(stage.take(), ["1 cancelled before_arrival"]);
  let told = await software.next();
  while (told?.kind === "command") told = await software.next();
  equal(told, { kind: "cancel", data: { id: begun } });
  stage.cancel(begun, { boot: new Uint8Array(16) });
  await stage.settled();
  strictEqual(stage.desk.status.running, 1);
});

Deno.test("after a restart nothing of another boot runs, and what was begun is unknown", async () => {
  const stage = await opened();
  const [waiting, begun, done] = [stage.command(), stage.command(), stage.command()];
  await stage.settled();
  stage.desk.attach("pilot");
  await stage.desk.claim(begun);
  await stage.desk.claim(done);
  await stage.desk.result(done, { state: "succeeded" });
  stage.take();
  stage.cutPower();
  await stage.open(8);
  equal(stage.take().sort(), [
    "1 delivered",
    "1 delivered",
    "1 delivered",
    "2 executing",
    "2 executing",
    "2 rejected boot_changed",
    "3 succeeded",
    "3 unknown boot_changed",
  ]);
  await rejects(stage.desk.claim(waiting), { code: "wrong_state" });
  await rejects(stage.desk.result(begun, { state: "succeeded" }), { code: "wrong_state" });
});

Deno.test("a stop ends motions, latches across a restart, and only its release lets motions in again", async () => {
  const stage = await opened();
  const [waiting, begun, query] = [stage.command(), stage.command(), stage.command({ class: "query" })];
  await stage.settled();
  const software = stage.desk.attach("pilot");
  await stage.desk.claim(begun);
  stage.take();
  stage.stop(5n);
  await stage.settled();
  equal(stage.take(), ["1 succeeded", "2 superseded stopped", "3 superseded stopped"]);
  for (let told = await software.next(); told?.kind !== "stop"; told = await software.next());
  await rejects(stage.desk.claim(waiting), { code: "wrong_state" });
  strictEqual((await stage.desk.claim(query)).state, "executing");
  stage.desk.detach(software);

  stage.cutPower();
  await stage.open(8);
  strictEqual(stage.desk.status.stopped, true);
  equal((await stage.desk.attach("pilot").next())?.kind, "stop");
  stage.take();
  stage.command();
  // An older release does nothing, and says which number it would have to name.
  stage.stop(4n, { release: true });
  await stage.settled();
  equal(stage.take(), ["1 rejected stopped", "1 rejected stop_number"]);
  stage.stop(5n, { release: true });
  stage.command();
  // The stop that was released, said again by whoever recorded it.
  stage.stop(5n);
  await stage.settled();
  equal(stage.take(), ["1 succeeded", "1 delivered", "1 rejected stop_number"]);
  strictEqual(stage.desk.status.stopped, false);
});

Deno.test("a stop acts while the disk hangs", async () => {
  const stage = await opened();
  const id = stage.command();
  await stage.settled();
  const software = stage.desk.attach("pilot");
  await software.next();
  const disk = Promise.withResolvers<void>();
  stage.disk.onCall = () => disk.promise;
  const claiming = stage.desk.claim(id);
  stage.stop(5n);
  equal(await software.next(), { kind: "stop", data: { number: "5" } });
  disk.resolve();
  await rejects(claiming, { code: "wrong_state" });
  await stage.settled();
  equal(stage.take(), ["1 delivered", "2 executing", "1 succeeded", "3 superseded stopped"]);
});

Deno.test("a disk that fails once costs nothing, and one that goes on failing lets nothing begin", async () => {
  const stage = await opened();
  let failing = 1;
  stage.disk.onCall = ({ verb }) => {
    if (verb === "sync" && failing-- > 0) throw new Error("EIO");
  };
  const id = stage.command();
  await stage.settled();
  equal(stage.take(), ["1 delivered"]);
  failing = Infinity;
  await rejects(stage.desk.claim(id), /EIO/);
  strictEqual(stage.desk.status.waiting, 1);
  failing = 0;
  strictEqual((await stage.desk.claim(id)).state, "executing");
});

Deno.test("whatever a relay makes of what it has heard, nothing is begun that was not signed for this vehicle and boot", async () => {
  const stage = await opened();
  const deadlineUptimeMs = BigInt(Math.round(stage.clock.uptimeMs())) + 60_000n;
  const others = [
    { vehicleId: "drone-002", boot: stage.boot },
    { boot: new Uint8Array(16).fill(9) },
    { boot: stage.boot, deadlineUptimeMs: 0n },
  ];
  const recorded = others.map((change) => {
    const command = commandOf({ id: stage.id(), deadlineUptimeMs, ...change });
    return toBinary(
      DownwardSchema,
      create(DownwardSchema, {
        word: { case: "command", value: signCommand(stage.signer, command) },
      }),
    );
  });
  const tampered = fc.tuple(
    fc.constantFrom(...recorded),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
  )
    .map(([bytes, changes]) => {
      const copy = bytes.slice();
      for (const [place, byte] of changes) copy[place % copy.byteLength] = byte;
      return copy;
    });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(tampered, fc.uint8Array({ maxLength: 80 })), { maxLength: 10 }),
      async (frames) => {
        for (const frame of frames) {
          try {
            stage.desk.handleFrame(frame);
          } catch (thrown) {
            ok(thrown instanceof Fault && thrown.code === "bad_message");
          }
        }
        await stage.settled();
        equal([stage.desk.status.waiting, stage.desk.status.running, stage.desk.status.stopped], [0, 0, false]);
        ok(stage.take().every((said) => !said.includes("delivered")));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("a retired signer is not obeyed, also after a restart", async () => {
  const stage = await opened();
  const root = stage.signer;
  stage.command();
  await stage.settled();
  equal(stage.take(), ["1 delivered"]);
  const third = CommandStage.signerOf({ generation: 3, floor: 3 });
  const deadlineUptimeMs = BigInt(Math.round(stage.clock.uptimeMs())) + 60_000n;
  const change = { id: stage.id(), boot: stage.boot, deadlineUptimeMs };
  stage.send({ case: "command", value: signCommand(third, commandOf(change)) });
  await stage.settled();
  equal(stage.take(), ["1 delivered"]);
  await stage.open(8);
  stage.take();
  stage.send({ case: "command", value: signCommand(root, commandOf({ ...change, id: stage.id(), boot: stage.boot })) });
  await stage.settled();
  equal(stage.take(), []);
});
