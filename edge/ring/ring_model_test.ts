/** Random operations, faults, kills and power cuts against a model of what was promised. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Class, classes } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { subtract } from "#proto/ranges.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";
import type { Place, Ring } from "./ring.ts";
import { frame, namedGaps, numberOf, openSmall, readAll, smallRingBytes } from "./testing/rig.ts";

type Step =
  | { readonly do: "append"; readonly class: Class; readonly count: number; readonly bytes: number }
  | { readonly do: "settle"; readonly class: Class; readonly share: number }
  | { readonly do: "unsettle"; readonly class: Class; readonly share: number }
  | { readonly do: "epoch" }
  | { readonly do: "check" }
  | { readonly do: "fail"; readonly after: number; readonly calls: number }
  | { readonly do: "full"; readonly isFull: boolean }
  | { readonly do: "restart"; readonly by: "kill" | "powerCut" | "close"; readonly after: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      class: fc.constantFrom(...classes),
      count: fc.integer({ min: 1, max: 30 }),
      bytes: fc.integer({ min: 0, max: 900 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      class: fc.constantFrom("event" as const, "normal" as const, "bulk" as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  fc.record({
    do: fc.constant("unsettle" as const),
    class: fc.constantFrom("event" as const, "normal" as const, "bulk" as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.constant({ do: "epoch" as const }),
  fc.constant({ do: "check" as const }),
  fc.record({
    do: fc.constant("fail" as const),
    after: fc.integer({ min: 0, max: 20 }),
    calls: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ do: fc.constant("full" as const), isFull: fc.boolean() }),
  fc.record({
    do: fc.constant("restart" as const),
    by: fc.constantFrom("kill" as const, "powerCut" as const, "close" as const),
    after: fc.integer({ min: 0, max: 12 }),
  }),
);

/** What was promised, and a ring to hold it to. */
class Trial {
  readonly #random: SeededRandom;
  #disk: VirtualDisk;
  #ring: Ring;
  #number = 0;
  /** By place: the number given in, whether acknowledged or not. */
  readonly #acknowledged = new Map<string, number>();
  readonly #settled = new Set<string>();
  /** Verdicts taken back in this life of the ring: the next one may know of it or not. */
  readonly #takenBack = new Set<string>();
  readonly #named = new Set<string>();
  /** Numbers that were given in, acknowledged or refused. */
  readonly #given = new Set<number>();

  private constructor(random: SeededRandom, disk: VirtualDisk, ring: Ring) {
    this.#random = random;
    this.#disk = disk;
    this.#ring = ring;
  }

  static async start(seed: number): Promise<Trial> {
    const random = seededRandom(seed);
    const disk = new VirtualDisk(random);
    return new Trial(random, disk, await openSmall(disk, { random }));
  }

  async run(step: Step): Promise<void> {
    if (step.do === "append") await this.#append(step);
    else if (step.do === "settle") this.#settle(step);
    else if (step.do === "unsettle") this.#unsettle(step);
    else if (step.do === "epoch") await this.#openEpoch();
    else if (step.do === "fail") this.#fail(step);
    else if (step.do === "full") {
      this.#disk.capacityBytes = step.isFull ? this.#disk.usedBytes : Number.POSITIVE_INFINITY;
    } else if (step.do === "restart") await this.#restart(step);
    else await this.check();
    assert.ok(this.#disk.peakBytes <= smallRingBytes, `cap passed: ${this.#disk.peakBytes}`);
  }

  /** All acknowledged records are readable, settled or named; nothing else can be read. */
  async check(): Promise<void> {
    this.#disk.onCall = () => {};
    const found = new Map<string, number>();
    for (const on of this.#ring.onBoard()) {
      for (const record of await readAll(this.#ring, on)) {
        const number = numberOf(record);
        if (number !== undefined) found.set(`${on.epoch} ${on.class} ${record.seq}`, number);
      }
    }
    await this.#learnGaps();
    for (const [place, number] of found) {
      assert.ok(this.#given.has(number), `${place} holds ${number}, which nobody gave`);
      const promised = this.#acknowledged.get(place);
      assert.ok(promised === undefined || promised === number, `${place} holds ${number}, not ${promised}`);
    }
    assert.equal(new Set(found.values()).size, found.size, "a frame lies in two places");
    for (const place of this.#acknowledged.keys()) {
      assert.ok(found.has(place) || this.#settled.has(place) || this.#named.has(place), `${place} is lost silently`);
    }
  }

  async #append(step: Extract<Step, { do: "append" }>): Promise<void> {
    const groups = Array.from({ length: 1 + step.count % 3 }, () => {
      const numbers = Array.from({ length: step.count }, () => ++this.#number);
      for (const number of numbers) this.#given.add(number);
      const frames = numbers.map((number) => frame(number, step.bytes));
      return { numbers, place: this.#ring.append(step.class, frames).catch(isFault) };
    });
    for (const { numbers, place } of groups) await this.#remember(step.class, numbers, place);
  }

  async #remember(className: Class, numbers: number[], appended: Promise<Place | undefined>): Promise<void> {
    const place = await appended;
    if (place === undefined) return;
    assert.equal(place.last - place.first + 1, numbers.length);
    numbers.forEach((number, i) => {
      const key = `${place.epoch} ${className} ${place.first + i}`;
      assert.ok(!this.#acknowledged.has(key), `${key} was given out twice`);
      this.#acknowledged.set(key, number);
    });
  }

  #settle(step: Extract<Step, { do: "settle" }>): void {
    for (const on of this.#ring.onBoard().filter((on) => on.class === step.class)) {
      const { first, last } = on.held[0] ?? { first: 1, last: 0 };
      const range = { first, last: first + Math.floor((last - first) * step.share) };
      if (range.last < range.first) continue;
      this.#ring.settle(on.epoch, on.class, [range]);
      for (let seq = range.first; seq <= range.last; seq++) this.#settled.add(`${on.epoch} ${on.class} ${seq}`);
    }
  }

  #unsettle(step: Extract<Step, { do: "unsettle" }>): void {
    for (const on of this.#ring.onBoard().filter((on) => on.class === step.class)) {
      const first = Math.max(1, Math.floor(on.durable * step.share));
      const held = this.#ring.unsettle(on.epoch, on.class, [{ first, last: on.durable }]);
      assert.deepEqual(subtract(held, on.held), []);
      for (const range of held) {
        for (let seq = range.first; seq <= range.last; seq++) {
          const place = `${on.epoch} ${on.class} ${seq}`;
          if (this.#settled.delete(place)) this.#takenBack.add(place);
        }
      }
    }
  }

  /** Appends before, with, and after the request, none waited for. */
  async #openEpoch(): Promise<void> {
    const append = { do: "append", class: "normal", count: 2, bytes: 50 } as const;
    const before = this.#append(append);
    const opened = this.#ring.openEpoch("drift").catch(isFault);
    await Promise.resolve();
    await Promise.all([before, opened, this.#append(append), this.#append({ ...append, class: "critical" })]);
  }

  #fail({ after, calls }: Extract<Step, { do: "fail" }>): void {
    const from = this.#disk.calls + after;
    this.#disk.onCall = ({ index, verb, name }) => {
      if (index < from || index >= from + calls) return;
      throw new Fault("disk_failed", `Cannot ${verb} "${name}": EIO`);
    };
  }

  async #restart({ by, after }: Extract<Step, { do: "restart" }>): Promise<void> {
    if (by === "close") await this.#ring.close().catch(isFault);
    const former = this.#disk;
    let next: VirtualDisk | undefined;
    if (by !== "close") {
      const at = former.calls + after;
      former.onCall = ({ index }) => {
        if (index === at) next = former[by]();
      };
      await this.#append({ do: "append", class: "normal", count: 5, bytes: 300 });
      await this.#append({ do: "append", class: "event", count: 2, bytes: 300 });
    }
    this.#disk = next ?? former.kill();
    for (const place of this.#takenBack) this.#settled.add(place);
    this.#takenBack.clear();
    this.#ring = await openSmall(this.#disk, { random: this.#random });
    await this.check();
  }

  async #learnGaps(): Promise<void> {
    for (const gap of await namedGaps(this.#ring)) {
      for (let seq = gap.range.first; seq <= gap.range.last; seq++) {
        const place = `${gap.epoch} ${gap.class} ${seq}`;
        const isFalse = gap.cause === "damaged" && this.#acknowledged.has(place);
        assert.ok(!isFalse, `${place} is called damaged, and nothing was`);
        this.#named.add(place);
      }
    }
  }
}

function isFault(thrown: unknown): undefined {
  assert.ok(thrown instanceof Fault, String(thrown));
}

Deno.test("whatever happens to disk and process, what was acknowledged is readable, settled or named", async () => {
  const trial = fc.asyncProperty(fc.nat(), fc.array(steps, { minLength: 5, maxLength: 40 }), async (seed, list) => {
    const trial = await Trial.start(seed);
    for (const step of list) await trial.run(step);
    await trial.check();
  });
  await fc.assert(trial, { numRuns: Number(Deno.env.get("RING_RUNS") ?? 60) });
});
