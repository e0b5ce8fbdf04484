import { deepStrictEqual as equal, ok, rejects, strictEqual } from "node:assert/strict";
import { drone } from "../lib/links/testing/board_stage.ts";
import { graceMs, openPerVehicleMax, resendMs, stopResendMs } from "./limits.ts";
import { bootOf, CommandServiceStage } from "./testing/stage.ts";

async function linked(): Promise<CommandServiceStage> {
  const stage = await new CommandServiceStage().begin();
  await stage.login();
  return stage;
}

Deno.test("a command goes to a linked vehicle at once, and its ladder tells who said what", async () => {
  const stage = await linked();
  const { id, state } = await stage.accept({ data: '{"a":1}' });
  strictEqual(state, "sent");
  const [command] = stage.commands();
  equal([command.id, command.vehicleId, command.data, command.class], [id, drone, '{"a":1}', "motion"]);
  equal(command.boot, bootOf(1));
  // In the vehicle's uptime: a minute from now.
  strictEqual(Number(command.deadlineUptimeMs), Math.floor(stage.clock.uptimeMs() - stage.bornMs) + 60_000);
  await stage.say(id, { number: 1, state: "delivered" });
  await stage.say(id, { number: 2, state: "executing" });
  await stage.say(id, { number: 3, state: "succeeded", data: '{"ok":true}' });
  const record = await stage.book.find(id);
  equal(record.steps.map(({ state, by }) => `${state} ${by}`), [
    "accepted cloud",
    "sent cloud",
    "delivered vehicle",
    "executing vehicle",
    "succeeded vehicle",
  ]);
  strictEqual(record.result, '{"ok":true}');
  equal(stage.take(), [1, 2, 3].map((number) => ({ kind: "settled", id, number })));
});

Deno.test("a command waits for its vehicle, and goes when it comes; without it, it expires", async () => {
  const stage = await new CommandServiceStage().begin();
  const [waiting, late] = [await stage.accept(), await stage.accept({ ttlMs: 5_000 })];
  equal([waiting.state, late.state], ["queued", "queued"]);
  await stage.pass(6_000);
  const expired = await stage.book.find(late.id);
  equal([expired.state, expired.steps.at(-1)?.code], ["expired", "not_linked"]);
  await stage.login();
  const [command] = stage.commands();
  equal([command.id, (await stage.book.find(waiting.id)).state], [waiting.id, "sent"]);
  // What is left of its time, not all of it.
  strictEqual(Number(command.deadlineUptimeMs), Math.floor(stage.clock.uptimeMs() - stage.bornMs) + 54_000);
});

Deno.test("what was not delivered is sent again byte for byte, ever more rarely, until it is", async () => {
  const stage = await linked();
  const { id } = await stage.accept();
  const [first] = stage.commands();
  await stage.pass(8 * resendMs);
  const again = stage.commands();
  strictEqual(again.length, 3);
  for (const one of again) equal(one, first);
  await stage.say(id, { state: "delivered" });
  stage.take();
  await stage.pass(20_000);
  equal(stage.commands(), []);
});

Deno.test("the word of a vehicle counts once, in whatever order it comes, and nobody else's counts at all", async () => {
  const stage = await linked();
  const { id } = await stage.accept();
  await stage.say(id, { number: 3, state: "succeeded" });
  await stage.say(id, { number: 1, state: "delivered" });
  await stage.say(id, { number: 4, state: "failed" });
  const { state, steps } = await stage.book.find(id);
  equal([state, steps.length], ["succeeded", 3]);
  const other = await stage.accept();
  stage.dispatcher.handleEvent(new Uint8Array([1, 2, 3]));
  await stage.clock.advance(0);
  strictEqual((await stage.book.find(other.id)).state, "sent");
});

Deno.test("after its deadline nobody knows, until the vehicle comes back and tells", async () => {
  const stage = await linked();
  const { id } = await stage.accept({ ttlMs: 5_000 });
  await stage.pass(5_000 + graceMs + 1_000);
  const lost = await stage.book.find(id);
  equal([lost.state, lost.steps.at(-1)?.code], ["unknown", "no_word"]);
  stage.take();
  await stage.login(2);
  // It is asked by the same bytes, which are dead there.
  equal(stage.commands().map(({ id, boot }) => [id, boot]), [[id, bootOf(1)]]);
  await stage.say(id, { state: "rejected", code: "other_boot" });
  strictEqual((await stage.book.find(id)).state, "rejected");
});

Deno.test("a vehicle that has lost its journal cannot know, and the cloud says so", async () => {
  const stage = await linked();
  const before = await stage.accept();
  await stage.say(before.id, { state: "succeeded", journal: 1 });
  const { id } = await stage.accept();
  await stage.login(2);
  await stage.say(id, { state: "rejected", code: "other_boot", journal: 2 });
  const { state, isClosed, steps } = await stage.book.find(id);
  equal([state, isClosed, steps.at(-1)?.code], ["unknown", true, "journal_gone"]);
});

Deno.test("a cancel before it was sent is done, after that it is the vehicle's word", async () => {
  const stage = await new CommandServiceStage().begin();
  const queued = await stage.accept();
  strictEqual((await stage.dispatcher.cancel(queued.id)).state, "cancelled");
  await rejects(stage.dispatcher.cancel(queued.id), { code: "wrong_state" });
  await stage.login();
  const { id } = await stage.accept();
  await stage.say(id, { number: 1, state: "delivered" });
  stage.take();
  strictEqual((await stage.dispatcher.cancel(id)).state, "cancelling");
  const [cancel] = stage.commands();
  equal([cancel.type, JSON.parse(cancel.data)], ["ss_cancel", { command_id: id }]);
  await stage.pass(5_000);
  ok(stage.commands().some(({ type }) => type === "ss_cancel"));
  await stage.say(id, { number: 2, state: "executing" });
  strictEqual((await stage.book.find(id)).state, "cancelling");
  await stage.say(id, { number: 3, state: "cancelled" });
  strictEqual((await stage.book.find(id)).state, "cancelled");
});

Deno.test("the same key gives the same command, another request under it is refused", async () => {
  const stage = await linked();
  const [first, second] = await Promise.all([stage.accept({ key: "k" }), stage.accept({ key: "k" })]);
  strictEqual(first.id, second.id);
  strictEqual((await stage.accept({ key: "k" })).id, first.id);
  await rejects(stage.accept({ key: "k", type: "land" }), { code: "different_request" });
  ok((await stage.accept({ key: "other" })).id !== first.id);
});

Deno.test("only vehicles in operation are commanded, and no more at once than they take", async () => {
  const stage = await linked();
  stage.registered.clear();
  await rejects(stage.accept(), { code: "not_found" });
  stage.registered.add(drone);
  for (let i = 0; i < openPerVehicleMax; i++) await stage.accept();
  await rejects(stage.accept(), { code: "too_many" });
});

Deno.test("a store that is away takes no command, and forgets none", async () => {
  const stage = await linked();
  const { id } = await stage.accept();
  stage.take();
  stage.buckets.commands.isAway = true;
  await rejects(stage.accept(), { code: "unavailable" });
  await stage.say(id, { state: "succeeded" });
  // Not kept, so not settled: the vehicle says it again.
  equal(stage.take(), []);
  stage.buckets.commands.isAway = false;
  await stage.say(id, { state: "succeeded" });
  equal([stage.take().length, (await stage.book.find(id)).state], [1, "succeeded"]);
});

Deno.test("another run of the service goes on where the one before ended", async () => {
  const stage = await linked();
  const { id } = await stage.accept();
  await stage.dispatcher.tick();
  const [first] = stage.commands();
  const next = await new CommandServiceStage(stage.buckets).begin();
  // Who is linked it learns from the relay's digest; the boot it knows.
  next.digest();
  await next.dispatcher.tick();
  equal(next.commands(), [first]);
  const { state } = await next.accept();
  strictEqual(state, "sent");
  await next.say(id, { state: "succeeded" });
  strictEqual((await stage.book.find(id)).state, "succeeded");
});

Deno.test("a stop goes at once, again until it is acknowledged, and at every login until it is released", async () => {
  const stage = await linked();
  const stop = await stage.stops.want(drone, { isRelease: false, issuer: "test", reason: "" });
  const [first] = stage.stopsHeard();
  equal([first.id, first.number, first.release], [stop.id, stop.number, false]);
  await stage.pass(3 * stopResendMs);
  ok(stage.stopsHeard().length >= 2);
  await stage.say(stop.id, { state: "succeeded", stopNumber: stop.number });
  stage.take();
  await stage.pass(2_000);
  equal(stage.stopsHeard(), []);
  ok(stage.stops.of(drone)?.acknowledgedAtMs !== undefined);
  await stage.login(2);
  equal(stage.stopsHeard().map(({ id }) => id), [stop.id]);
  const release = await stage.stops.want(drone, { isRelease: true, issuer: "test", reason: "" });
  equal([release.number, stage.stops.isStopped(drone)], [stop.number, false]);
  await stage.say(release.id, { state: "succeeded", stopNumber: stop.number });
  stage.take();
  await stage.login(3);
  equal(stage.stopsHeard(), []);
  await rejects(stage.stops.want(drone, { isRelease: true, issuer: "test", reason: "" }), { code: "wrong_state" });
});

Deno.test("a stop whose number is too low is said again above what the vehicle names", async () => {
  const stage = await linked();
  const stop = await stage.stops.want(drone, { isRelease: false, issuer: "test", reason: "" });
  stage.take();
  await stage.say(stop.id, { state: "rejected", code: "stop_number", stopNumber: stop.number + 1_000n });
  const [again] = stage.stopsHeard();
  equal([again.number, again.release], [stop.number + 1_001n, false]);
  await stage.say(again.id, { state: "succeeded" });
  // The next one is above it, whatever the cloud's clock says.
  ok((await stage.stops.want(drone, { isRelease: false, issuer: "test", reason: "" })).number > again.number);
});

Deno.test("a release never ends a later stop that whoever released did not know of", async () => {
  const stage = await linked();
  const wish = { issuer: "test", reason: "" };
  await stage.stops.want(drone, { ...wish, isRelease: false });
  const release = await stage.stops.want(drone, { ...wish, isRelease: true });
  stage.take();
  const later = release.number + 5n;
  await stage.say(release.id, { state: "rejected", code: "stop_number", stopNumber: later });
  equal([stage.stops.isStopped(drone), stage.stopsHeard()], [true, []]);
  strictEqual((await stage.stops.want(drone, { ...wish, isRelease: true })).number, later);
});

Deno.test("while a vehicle is stopped no motion is taken, and those that waited are over", async () => {
  const stage = await new CommandServiceStage().begin();
  const [motion, query] = [await stage.accept(), await stage.accept({ class: "query", type: "ping" })];
  await stage.stops.want(drone, { isRelease: false, issuer: "test", reason: "" });
  await stage.dispatcher.handleStop(drone);
  equal([(await stage.book.find(motion.id)).state, (await stage.book.find(query.id)).state], ["superseded", "queued"]);
  await rejects(stage.accept(), { code: "vehicle_stopped" });
  strictEqual((await stage.accept({ class: "query", type: "ping" })).state, "queued");
});

Deno.test("a stop is sent although it cannot be written down", async () => {
  const stage = await linked();
  stage.buckets.stops.isAway = true;
  await rejects(stage.stops.want(drone, { isRelease: false, issuer: "test", reason: "" }), { code: "unavailable" });
  strictEqual(stage.stopsHeard().length, 1);
  strictEqual(stage.stops.isStopped(drone), true);
});
