import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { afterWord, type CommandState, isOutcome } from "#proto/command_state.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { settledCommandsMax } from "../limits.ts";
import { orderSha256 } from "#proto/order.ts";
import { commandOf, stopOf } from "#proto/testing/orders.ts";
import { CommandBook, isSettled, stateOf } from "./book.ts";
import type { Entry } from "./entry.ts";

const vehicle = parseVehicleId("drone-001");
const boots = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
const sha256 = orderSha256(new Uint8Array(0));
const idOf = (number: number) => `017f22e2-79b0-7cc3-98c4-00000000000${number}`;
const signer = "test";

const step = fc.record({
  what: fc.constantFrom(
    "command",
    "cancel",
    "stop",
    "release",
    "claim",
    "progress",
    "result",
    "lost",
    "tick",
    "boot",
    "settle",
  ),
  id: fc.integer({ min: 0, max: 3 }),
  number: fc.bigInt({ min: 1n, max: 3n }),
  motion: fc.boolean(),
  waitMs: fc.constantFrom(0, 0, 0, 400),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A book whose every entry goes through a journal of its own, as after a crash at any moment. */
class World {
  boot = 0;
  nowMs = 0;
  journal: Entry[] = [];
  book = new CommandBook({ vehicle, boot: boots[0].toHex() });
  /** How often each command began. */
  readonly begun = new Map<string, number>();

  do({ what, id: at, number, motion, waitMs }: Step): void {
    this.nowMs += waitMs;
    const now = { wallNs: 0n, uptimeMs: this.nowMs };
    const id = idOf(at);
    const believed = { sha256, signer, generationMin: 0 };
    const command = (change: Parameters<typeof commandOf>[0]) =>
      commandOf({
        id,
        boot: boots[this.boot],
        deadlineUptimeMs: 1_000n,
        class: motion ? "motion" : "query",
        ...change,
      });
    switch (what) {
      case "command":
        return this.#take(() => this.book.decideCommand({ ...believed, payload: command({}) }, now));
      case "cancel": {
        const payload = command({ type: "ss_cancel", data: JSON.stringify({ command_id: id }) });
        return this.#take(() => this.book.decideCommand({ ...believed, payload }, now));
      }
      case "stop":
      case "release": {
        const payload = stopOf({ id: `${what}-${number}-${at}`, number, release: what === "release" });
        return this.#take(() => this.book.decideStop({ ...believed, payload }, now));
      }
      case "claim":
        return this.#take(() => this.book.decideClaim(id, now));
      case "progress":
        return this.#take(() => this.book.decideProgress(id, "{}", now));
      case "result":
        return this.#take(() => this.book.decideResult(id, { state: "succeeded" }, now));
      case "lost":
        return this.#take(() => this.book.decideLost(id, now));
      case "tick":
        return this.#take(() => this.book.decideTick(now));
      case "settle":
        return this.#take(() => this.book.decideSettled(id, this.book.of(id)?.events.at(-1)?.number ?? 0));
      case "boot":
        this.boot = 1 - this.boot;
        this.book = new CommandBook({ vehicle, boot: boots[this.boot].toHex() });
        for (const entry of this.journal) this.book.apply(entry);
        return this.#take(() => this.book.decideBegin(now));
    }
  }

  #take(decide: () => Entry[]): void {
    let entries: Entry[];
    try {
      entries = decide();
    } catch {
      // What is refused leaves nothing behind.
      return;
    }
    for (const entry of entries) {
      if (entry.kind === "event" && entry.state === "executing" && entry.code === "") {
        this.begun.set(entry.id, (this.begun.get(entry.id) ?? 0) + 1);
      }
      this.book.apply(entry);
    }
    this.journal = this.book.kept();
  }
}

Deno.test("whatever happens in whatever order, no command begins twice, and no outcome is followed by anything", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      const states = new Map<string, CommandState>();
      for (const one of steps) {
        world.do(one);
        for (const order of world.book.orders) {
          const { id } = order.taken;
          const [before, after] = [states.get(id) ?? "sent", stateOf(order)];
          if (before !== after) {
            ok(!isOutcome(before), `${id} went from ${before} to ${after}`);
            ok(afterWord(before, after) !== undefined, `${id} went from ${before} to ${after}`);
          }
          states.set(id, after);
          const numbers = order.events.map(({ number }) => number);
          equal(numbers, numbers.toSorted((a, b) => a - b));
        }
        if (world.book.stop.latched !== undefined) {
          ok([...world.book.running, ...world.book.waiting].every(({ taken }) => taken.class !== "motion"));
          ok(world.book.stop.latched > world.book.stop.released);
        }
      }
      for (const count of world.begun.values()) strictEqual(count, 1);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("what is kept says the same again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const world = new World();
      for (const one of steps) world.do(one);
      const again = new CommandBook({ vehicle, boot: boots[world.boot].toHex() });
      for (const entry of world.book.kept()) again.apply(entry);
      equal([...again.orders], [...world.book.orders]);
      equal(again.stop, world.book.stop);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("only what is settled and dead is forgotten, and of the rest the oldest beyond a bound", () => {
  const book = new CommandBook({ vehicle, boot: boots[0].toHex() });
  const now = { wallNs: 0n, uptimeMs: 0 };
  const add = (id: string, boot: Uint8Array) => {
    const payload = commandOf({ id, boot, deadlineUptimeMs: 1_000n });
    for (const entry of book.decideCommand({ payload, sha256, signer, generationMin: 0 }, now)) book.apply(entry);
  };
  add("dead", boots[1]);
  add("open", boots[0]);
  for (const entry of book.decideSettled("dead", 1)) book.apply(entry);
  const dead = book.of("dead");
  ok(dead !== undefined && isSettled(dead));
  equal(book.forgettable(now), ["dead"]);
  book.forget(["dead"]);
  equal([...book.orders].map(({ taken }) => taken.id), ["open"]);
  for (let i = 0; i <= settledCommandsMax; i++) {
    add(`d${i}`, boots[0]);
    const order = book.of(`d${i}`);
    for (const entry of order ? book.decideClaim(`d${i}`, now) : []) book.apply(entry);
    for (const entry of book.decideResult(`d${i}`, { state: "succeeded" }, now)) book.apply(entry);
    for (const entry of book.decideSettled(`d${i}`, 3)) book.apply(entry);
  }
  equal(book.forgettable(now), ["d0"]);
});
