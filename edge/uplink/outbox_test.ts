import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Class, TelemetryLane } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { countOf, intersect, none, type Range, type Ranges, subtract, union } from "#proto/ranges.ts";
import { batchHeaderBytes } from "#proto/batch.ts";
import { fragmentsMax, heldWaitMs, liveFreshMs, liveLingerMs } from "../limits.ts";
import { Outbox, type OutboxStep, type Run, type SeriesRanges } from "./outbox.ts";

const epochs = [11n, 12n, 13n, 14n] as Epoch[];
const epoch = epochs[0];
const terms = { windows: { live: 400_000, backfill: 400_000 }, batchBytesMax: 65_536 };
const always = () => true;

/** An outbox that is linked and whose ledger has answered. */
function linked(options: { windows?: Record<TelemetryLane, number> } = {}): Outbox {
  const outbox = new Outbox();
  outbox.handleWelcome(1, { ...terms, ...options }, 0);
  outbox.handleHeld(1, { settled: [], listed: [], passed: { live: 0, backfill: 0 }, isAnswered: true });
  return outbox;
}

function append(outbox: Outbox, range: Range, nowMs: number, className: Class = "normal"): void {
  outbox.handleAppended({ epoch, class: className, range }, nowMs);
}

function runOf(step: OutboxStep): Run {
  if (step.kind === "send") return step.run;
  throw new Error(`Wanted a run: waits until ${step.untilMs}`);
}

/** Polls and sends what comes, whole. */
function send(outbox: Outbox, lane: TelemetryLane, nowMs: number): Run {
  const run = runOf(outbox.poll(lane, { nowMs, isSendable: always }));
  outbox.handleSent(lane, { last: run.last, bytes: 1000 });
  return run;
}

function receivedOf(run: Run, lane: TelemetryLane, place: number) {
  return [{ epoch: run.epoch, class: run.class, first: run.first, last: run.last, lane, place }];
}

Deno.test("the first record after a pause goes at once, the next ones linger together", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 1 }, 100);
  equal(send(outbox, "live", 100).last, 1);
  append(outbox, { first: 2, last: 2 }, 101);
  append(outbox, { first: 3, last: 9 }, 102);
  deepEqual(outbox.poll("live", { nowMs: 102, isSendable: always }), { kind: "wait", untilMs: 100 + liveLingerMs });
  const { first, last } = send(outbox, "live", 100 + liveLingerMs);
  deepEqual([first, last], [2, 9]);
});

Deno.test("a hushed outbox gives out nothing new, and counts what is reserved or under way until it has landed", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 1 }, 100);
  const sent = send(outbox, "live", 100);
  append(outbox, { first: 2, last: 2 }, 200);
  const reserved = runOf(outbox.poll("live", { nowMs: 200, isSendable: always }));
  outbox.hush();
  append(outbox, { first: 3, last: 3 }, 300);
  deepEqual(outbox.poll("backfill", { nowMs: 300, isSendable: always }), { kind: "wait", untilMs: Infinity });
  equal(outbox.inFlight, 2);
  outbox.handleSent("live", { last: reserved.last, bytes: 1000 });
  deepEqual(outbox.poll("live", { nowMs: 300, isSendable: always }), { kind: "wait", untilMs: Infinity });
  outbox.handleReceived(1, [...receivedOf(sent, "live", 1), ...receivedOf(reserved, "live", 2)]);
  equal(outbox.inFlight, 0);
  outbox.resume();
  equal(send(outbox, "live", 300).last, 3);
  outbox.hush();
  outbox.handleWelcome(2, terms, 400);
  append(outbox, { first: 4, last: 4 }, 500);
  equal(send(outbox, "live", 500).last, 4);
});

Deno.test("live takes the newest records first", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 10_000 }, 100);
  equal(send(outbox, "live", 100).last, 10_000);
  ok(send(outbox, "live", 101).last < 10_000, "a full batch does not linger");
});

Deno.test("live sends critical records before a flood of bulk", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 10_000 }, 100, "bulk");
  append(outbox, { first: 1, last: 1 }, 101, "critical");
  equal(send(outbox, "live", 101).class, "critical");
});

Deno.test("what is no longer fresh goes by backfill, oldest first", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 3 }, 100);
  append(outbox, { first: 4, last: 5 }, 3000);
  const old = send(outbox, "backfill", 100 + liveFreshMs + 1000);
  deepEqual([old.first, old.last], [1, 3]);
  const fresh = send(outbox, "live", 3200);
  deepEqual([fresh.first, fresh.last], [4, 5]);
});

Deno.test("backfill waits for the ledger's answer, but not for ever", () => {
  const outbox = new Outbox();
  outbox.handleOnBoard([{ epoch, class: "normal", ranges: [{ first: 1, last: 50 }] }]);
  outbox.handleWelcome(1, terms, 0);
  deepEqual(outbox.poll("backfill", { nowMs: 10, isSendable: always }), { kind: "wait", untilMs: heldWaitMs });
  equal(send(outbox, "backfill", heldWaitMs).first, 1);
});

Deno.test("what the ledger already decided is not sent", () => {
  const outbox = new Outbox();
  const listed = [{ epoch, class: "normal" as const, ranges: [{ first: 1, last: 50 }] }];
  outbox.handleOnBoard(listed);
  outbox.handleWelcome(1, terms, 0);
  const settled = [{ epoch, class: "normal" as const, ranges: [{ first: 1, last: 40 }] }];
  outbox.handleHeld(1, { settled, listed, passed: undefined, isAnswered: true });
  const run = send(outbox, "backfill", 1);
  deepEqual([run.first, run.last], [41, 50]);
});

Deno.test("nothing of an epoch goes before its clock offset is fixed", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 1 }, 100);
  equal(outbox.poll("live", { nowMs: 100, isSendable: () => false }).kind, "wait");
  equal(outbox.poll("live", { nowMs: 100, isSendable: always }).kind, "send");
});

Deno.test("a full window stops a lane until the relay has received", () => {
  const outbox = linked({ windows: { live: 66_000, backfill: 66_000 } });
  append(outbox, { first: 1, last: 1 }, 100);
  const run = send(outbox, "live", 100);
  append(outbox, { first: 2, last: 2 }, 200);
  deepEqual(outbox.poll("live", { nowMs: 200, isSendable: always }), { kind: "wait", untilMs: Infinity });
  outbox.handleReceived(1, receivedOf(run, "live", 7));
  equal(send(outbox, "live", 200).first, 2);
});

Deno.test("a window smaller than a batch makes smaller batches, and one window does not stop the other lane", () => {
  const outbox = linked({ windows: { live: 100, backfill: 70_000 } });
  append(outbox, { first: 1, last: 10 }, 0);
  append(outbox, { first: 11, last: 20 }, 100 + liveFreshMs);
  const run = runOf(outbox.poll("live", { nowMs: 100 + liveFreshMs, isSendable: always }));
  equal(run.bytesMax, 100);
  equal(
    runOf(outbox.poll("backfill", { nowMs: 100 + liveFreshMs, isSendable: always })).bytesMax,
    65_536 + batchHeaderBytes,
  );
});

Deno.test("what was received is not sent again by a new link whose ledger is silent", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 5 }, 0);
  outbox.handleReceived(1, receivedOf(send(outbox, "live", 0), "live", 7));
  outbox.handleLinkEnd(1);
  outbox.handleWelcome(2, terms, 1000);
  const listed = [{ epoch, class: "normal" as const, ranges: [{ first: 1, last: 5 }] }];
  outbox.handleHeld(2, { settled: [], listed, passed: undefined, isAnswered: false });
  equal(outbox.poll("backfill", { nowMs: 60_000, isSendable: always }).kind, "wait");
  // The owner comes back, and is still before that place: nothing is missing yet.
  outbox.handleHeld(2, { settled: [], listed, passed: { live: 6, backfill: 0 }, isAnswered: true });
  equal(outbox.poll("backfill", { nowMs: 60_001, isSendable: always }).kind, "wait");
  outbox.handleVerdicts([], { live: 7, backfill: 0 });
  equal(send(outbox, "backfill", 60_002).last, 5);
});

Deno.test("a ledger that knows nothing of what was received has it sent once more per login", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 5 }, 0);
  outbox.handleReceived(1, receivedOf(send(outbox, "live", 0), "live", 7));
  outbox.handleLinkEnd(1);
  outbox.handleWelcome(2, terms, 1000);
  const listed = [{ epoch, class: "normal" as const, ranges: [{ first: 1, last: 5 }] }];
  const answer = { settled: [], listed, passed: undefined, isAnswered: true };
  outbox.handleHeld(2, answer);
  outbox.handleReceived(2, receivedOf(send(outbox, "backfill", 1001), "backfill", 3));
  outbox.handleHeld(2, answer);
  equal(outbox.poll("backfill", { nowMs: 1002, isSendable: always }).kind, "wait");
});

Deno.test("what this link itself brought is not repeated because the ledger's answer is older", () => {
  const outbox = new Outbox();
  append(outbox, { first: 1, last: 5 }, 0);
  outbox.handleWelcome(1, terms, 1);
  outbox.handleReceived(1, receivedOf(send(outbox, "live", 1), "live", 7));
  const listed = [{ epoch, class: "normal" as const, ranges: [{ first: 1, last: 5 }] }];
  outbox.handleHeld(1, { settled: [], listed, passed: undefined, isAnswered: true });
  equal(outbox.hasBackfill, false);
});

Deno.test("a verdict that overtakes received gives the window back and needs no second word", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 5 }, 0);
  const run = send(outbox, "live", 0);
  outbox.handleVerdicts([{ epoch, class: "normal", ranges: [{ first: 1, last: 5 }] }], { live: 7, backfill: 0 });
  equal(outbox.window("live").bytesUsed, 0);
  outbox.handleReceived(1, receivedOf(run, "live", 7));
  equal(outbox.window("live").bytesUsed, 0);
  deepEqual(outbox.backlog.records, 0);
  outbox.handleVerdicts([], { live: 100, backfill: 100 });
  equal(outbox.hasBackfill, false);
});

Deno.test("an hour of ingest outage takes no memory per batch", () => {
  const outbox = linked();
  for (let i = 1; i <= 5_000; i++) {
    append(outbox, { first: i, last: i }, i * 30);
    const run = send(outbox, "live", i * 30);
    outbox.handleReceived(1, receivedOf(run, "live", i));
  }
  ok(outbox.fragments < 600, `${outbox.fragments} pieces`);
  // Places are kept from below: nothing is repeated before its own place was passed.
  outbox.handleVerdicts([], { live: 1, backfill: 0 });
  equal(outbox.hasBackfill, false);
  outbox.handleVerdicts([], { live: 5_000, backfill: 0 });
  equal(outbox.backlog.records, 5_000);
});

Deno.test("what is asked for again goes by backfill, oldest epoch first, and once however often it is asked for", () => {
  const outbox = linked();
  append(outbox, { first: 1, last: 5 }, 0);
  const ranges = [{ first: 1, last: 5 }];
  const at = (epoch: Epoch) => ({ epoch, class: "normal" as const, ranges });
  outbox.handleReceived(1, receivedOf(send(outbox, "live", 0), "live", 7));
  outbox.handleVerdicts([at(epoch)], { live: 7, backfill: 0 });
  // Both epochs are older than the present one, and all of them had a verdict.
  const asked = [at(epochs[2]), at(epochs[1]), at(epoch)];
  outbox.handleResend(asked);
  outbox.handleResend(asked);
  const run = runOf(outbox.poll("backfill", { nowMs: 1, isSendable: always }));
  equal(run.epoch, epochs[2]);
  outbox.handleResend(asked);
  outbox.handleSent("backfill", { last: 5, bytes: 1000 });
  outbox.handleResend(asked);
  outbox.handleReceived(1, receivedOf(run, "backfill", 8));
  outbox.handleResend(asked);
  deepEqual([send(outbox, "backfill", 2), send(outbox, "backfill", 3)].map((run) => run.epoch), [epochs[1], epoch]);
  equal(outbox.poll("backfill", { nowMs: 10, isSendable: always }).kind, "wait");
  // The one that is in the log and gets no verdict there goes once more, as always.
  outbox.handleVerdicts([at(epoch), at(epochs[1])], { live: 7, backfill: 8 });
  equal(send(outbox, "backfill", 11).epoch, epochs[2]);
});

Deno.test("live pauses while a series lies in too many pieces, and backfill goes on", () => {
  const outbox = linked();
  const ranges = Array.from({ length: fragmentsMax }, (_, i) => ({ first: 3 * i + 1, last: 3 * i + 1 }));
  outbox.handleOnBoard([{ epoch, class: "normal", ranges }]);
  append(outbox, { first: 90_000, last: 90_000 }, 10);
  equal(outbox.poll("live", { nowMs: 10, isSendable: always }).kind, "wait");
  equal(outbox.poll("backfill", { nowMs: 10, isSendable: always }).kind, "send");
});

// Property: any interleaving ends with everything settled, nothing is repeated without a reason, windows are kept.

interface Batch extends Range {
  readonly session: number;
  readonly lane: TelemetryLane;
  readonly epoch: Epoch;
  readonly class: Class;
  readonly bytes: number;
}

/** A batch that is under way. */
interface Sent extends Batch {
  /** What of it was not settled since. */
  left: Ranges;
}

interface Logged extends Batch {
  readonly place: number;
}

const kinds: readonly Class[] = ["critical", "normal"];
const recordBytes = 40;
const smallTerms = { windows: { live: 500, backfill: 700 }, batchBytesMax: 200 };

/** Ring, relay, log and ingest as simple as can be, and the list of who may be sent. */
class World {
  outbox = new Outbox();
  nowMs = 0;
  session = 0;
  isLinked = false;
  epochCount = 1;
  /** By epoch and class: what the ring holds without a verdict it knows of. */
  readonly unsettled = new Map<string, Ranges>();
  readonly highest = new Map<string, number>();
  readonly gone = new Map<string, Ranges>();
  /** What may be sent: never sent yet, or with a reason for a repeat. */
  readonly allowed = new Map<string, Ranges>();
  /** Sent, and neither received, lost nor decided. */
  transit: Sent[] = [];
  log: Logged[] = [];
  readonly places = { live: 0, backfill: 0 };
  readonly passed = { live: 0, backfill: 0 };
  /** The ledger, and what the vehicle was not told of it yet. */
  readonly decided = new Map<string, Ranges>();
  received = new Map<string, { ranges: Ranges; lane: TelemetryLane; place: number; session: number }[]>();

  append(kind: number, count: number): void {
    const at = { epoch: epochs[this.epochCount - 1], class: kinds[kind % 2] };
    const name = nameOf(at);
    const first = (this.highest.get(name) ?? 0) + 1;
    const range = { first, last: first + count - 1 };
    this.highest.set(name, range.last);
    this.#add(this.unsettled, name, [range]);
    this.#add(this.allowed, name, [range]);
    this.outbox.handleAppended({ ...at, range }, this.nowMs);
  }

  poll(lane: TelemetryLane, cut: number): boolean {
    const step = this.outbox.poll(lane, { nowMs: this.nowMs, isSendable: always });
    if (step.kind === "wait") return false;
    const { run } = step;
    const fits = Math.max(1, Math.floor(run.bytesMax / recordBytes) - cut);
    const last = Math.min(run.last, run.first + fits - 1);
    const bytes = (last - run.first + 1) * recordBytes;
    const used = this.transit.filter((one) => one.lane === lane).reduce((sum, one) => sum + one.bytes, 0);
    ok(used + bytes <= smallTerms.windows[lane], `window of ${lane}: ${used} + ${bytes}`);
    const sent = [{ first: run.first, last }];
    const free = this.allowed.get(nameOf(run)) ?? none;
    deepEqual(subtract(sent, free), [], `${nameOf(run)} sent without a reason`);
    this.allowed.set(nameOf(run), subtract(free, sent));
    this.outbox.handleSent(lane, { last, bytes });
    this.transit.push({
      epoch: run.epoch,
      class: run.class,
      first: run.first,
      last,
      lane,
      bytes,
      session: this.session,
      left: sent,
    });
    return true;
  }

  /** The relay puts a batch into the log; the vehicle hears of it, unless the link ends before. */
  deliver(which: number, told: boolean): void {
    if (this.transit.length === 0) return;
    const [batch] = this.transit.splice(which % this.transit.length, 1);
    const logged = { ...batch, place: ++this.places[batch.lane] };
    this.log.push(logged);
    if (!told) {
      this.transit.push(batch);
      return this.cut();
    }
    this.outbox.handleReceived(this.session, [logged]);
    const list = this.received.get(nameOf(batch)) ?? [];
    list.push({ ranges: [batch], lane: batch.lane, place: logged.place, session: this.session });
    this.received.set(nameOf(batch), list);
  }

  lose(which: number): void {
    if (this.transit.length === 0) return;
    const [batch] = this.transit.splice(which % this.transit.length, 1);
    this.#allow(nameOf(batch), [batch]);
    this.outbox.handleLost([{ epoch: batch.epoch, class: batch.class, ranges: [batch] }]);
  }

  /** Ingest takes the oldest message: decides it, or loses it in a crash, and says how far it is. */
  ingest(isKept: boolean): void {
    const batch = this.log.shift();
    if (batch === undefined) return;
    const settled: SeriesRanges[] = [];
    if (isKept) {
      this.#add(this.decided, nameOf(batch), [batch]);
      if (this.isLinked) {
        settled.push({ epoch: batch.epoch, class: batch.class, ranges: [batch] });
        this.#settle(nameOf(batch), [batch]);
      }
    }
    this.passed[batch.lane] = batch.place;
    if (!this.isLinked) return;
    this.#allowPassed();
    this.outbox.handleVerdicts(settled, { ...this.passed });
  }

  cut(): void {
    if (!this.isLinked) return;
    this.isLinked = false;
    for (const batch of this.transit) this.#allow(nameOf(batch), [batch]);
    this.transit = [];
    this.outbox.handleLinkEnd(this.session);
  }

  link(isAnswered: boolean): void {
    if (this.isLinked) return;
    this.isLinked = true;
    this.session++;
    this.outbox.handleWelcome(this.session, smallTerms, this.nowMs);
    const listed = this.#onBoard();
    const settled = isAnswered
      ? listed.map((one) => ({ ...one, ranges: intersect(one.ranges, this.decided.get(nameOf(one)) ?? none) }))
      : [];
    for (const one of settled) this.#settle(nameOf(one), one.ranges);
    const passed = isAnswered ? { ...this.passed } : undefined;
    if (isAnswered) this.#allowPassed();
    this.outbox.handleHeld(this.session, { settled, listed, passed, isAnswered });
  }

  restart(): void {
    this.cut();
    this.outbox = new Outbox();
    this.received.clear();
    for (const one of this.#onBoard()) this.#allow(nameOf(one), one.ranges);
    this.outbox.handleOnBoard(this.#onBoard());
  }

  /** The store was taken back and asks again, twice at times: only what had a verdict may go again, and that once. */
  resend(which: number, first: number, options: { count: number; times: number }): void {
    const at = { epoch: epochs[which % this.epochCount], class: kinds[which % 2] };
    const name = nameOf(at);
    const asked = [{ first, last: Math.min(first + options.count, this.highest.get(name) ?? 0) }];
    const held = first > asked[0].last ? none : subtract(asked, this.gone.get(name) ?? none);
    const fresh = subtract(held, this.unsettled.get(name) ?? none);
    this.decided.set(name, subtract(this.decided.get(name) ?? none, fresh));
    this.#add(this.unsettled, name, fresh);
    this.#allow(name, fresh);
    for (let time = 0; time < options.times; time++) this.outbox.handleResend([{ ...at, ranges: held }]);
  }

  overwrite(count: number): void {
    const [one] = this.#onBoard();
    if (one === undefined) return;
    const range = { first: one.ranges[0].first, last: Math.min(one.ranges[0].last, one.ranges[0].first + count) };
    this.#settle(nameOf(one), [range]);
    this.#add(this.gone, nameOf(one), [range]);
    this.outbox.handleGone({ epoch: one.epoch, class: one.class, range });
  }

  get unsettledCount(): number {
    return [...this.unsettled.values()].reduce((sum, ranges) => sum + countOf(ranges), 0);
  }

  #onBoard(): SeriesRanges[] {
    return epochs.flatMap((epoch) =>
      kinds.map((className) => ({
        epoch,
        class: className,
        ranges: this.unsettled.get(nameOf({ epoch, class: className })) ?? none,
      }))
    )
      .filter((one) => one.ranges.length > 0);
  }

  /** Whatever lies behind the owner without a verdict may be repeated. */
  #allowPassed(): void {
    for (const [name, list] of this.received) {
      const due = list.filter((one) => one.place <= this.passed[one.lane]);
      for (const one of due) this.#allow(name, intersect(one.ranges, this.unsettled.get(name) ?? none));
      this.received.set(name, list.filter((one) => !due.includes(one)));
    }
  }

  #settle(name: string, ranges: Ranges): void {
    this.unsettled.set(name, subtract(this.unsettled.get(name) ?? none, ranges));
    this.allowed.set(name, subtract(this.allowed.get(name) ?? none, ranges));
    for (const batch of this.transit) if (nameOf(batch) === name) batch.left = subtract(batch.left, ranges);
    this.transit = this.transit.filter(({ left }) => left.length > 0);
  }

  #allow(name: string, ranges: Ranges): void {
    this.#add(this.allowed, name, ranges);
  }

  #add(map: Map<string, Ranges>, name: string, ranges: Ranges): void {
    map.set(name, union(map.get(name) ?? none, ranges.map(({ first, last }) => ({ first, last }))));
  }
}

function nameOf(at: { epoch: Epoch; class: Class }): string {
  return `${at.epoch} ${at.class}`;
}

const verbs: readonly ((world: World, a: number, b: number) => void)[] = [
  (world, a, b) => world.append(a, 1 + b % 9),
  (world, a, b) => world.append(a, 1 + b % 90),
  (world, a) => world.nowMs += a * 7,
  (world, a) => world.nowMs += a * 200,
  (world, a) => void world.poll("live", a % 4),
  (world, a) => void world.poll("backfill", a % 4),
  (world, a) => world.deliver(a, true),
  (world, a) => world.deliver(a, true),
  (world, a) => world.deliver(a, a % 5 > 0),
  (world, a) => world.lose(a),
  (world) => world.ingest(true),
  (world, a) => world.ingest(a % 5 > 0),
  (world) => world.cut(),
  (world, a) => world.link(a % 3 > 0),
  (world) => world.link(true),
  (world) => world.restart(),
  (world, a, b) => world.resend(a, 1 + b, { count: a * 3, times: 1 + b % 2 }),
  (world, a) => world.resend(a, 1, { count: 500, times: 1 }),
  (world, a) => world.resend(a, 1, { count: 500, times: 1 }),
  (world, a) => world.overwrite(a % 7),
  (world) => world.epochCount = Math.min(epochs.length, world.epochCount + 1),
];

/** From here on relay and ingest behave. */
function drain(world: World): void {
  world.cut();
  world.link(true);
  for (let round = 0; round < 3000 && world.unsettledCount > 0; round++) {
    world.nowMs += liveLingerMs;
    world.poll("live", 0);
    world.poll("backfill", 0);
    while (world.transit.length > 0) world.deliver(0, true);
    while (world.log.length > 0) world.ingest(true);
  }
}

Deno.test("whatever happens, all is settled in the end, without a needless repeat, within the windows", () => {
  const step = fc.tuple(fc.nat(verbs.length - 1), fc.nat(30), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const world = new World();
      for (const [verb, a, b] of steps) verbs[verb](world, a, b);
      drain(world);
      equal(world.unsettledCount, 0);
      deepEqual(world.outbox.backlog.records, 0);
      deepEqual([world.outbox.window("live").bytesUsed, world.outbox.window("backfill").bytesUsed], [0, 0]);
    }),
    { numRuns: 1500 },
  );
});
