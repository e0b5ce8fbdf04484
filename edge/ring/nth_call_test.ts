/** A fault at the n-th disk call of a whole life of a ring, for every n: what callers were told stays true. */
import assert from "node:assert/strict";
import { type Class, classes } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { type DiskCall, VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { answerMsMax } from "../limits.ts";
import type { Appended, Ring } from "./ring.ts";
import { frame, namedGaps, numberOf, openSmall, readAll, smallRingBytes } from "./testing/rig.ts";

/** For how long a disk is silent, failing or full. */
const faultMs = 700;

type Spoil = (call: DiskCall, clock: VirtualClock) => void | Promise<void>;

const fails: Spoil = ({ verb, name }) => {
  throw new Fault("disk_failed", `Cannot ${verb} "${name}": EIO`);
};
const isFull: Spoil = ({ verb, name }) => {
  throw new Fault("disk_full", `Cannot ${verb} "${name}": ENOSPC`);
};
const stalls: Spoil = (_, clock) => clock.after(faultMs);

/** Faults of the n-th call alone. */
const single: Record<string, Spoil> = {
  "the call fails": fails,
  "the call finds no space": isFull,
  "the call takes its time": stalls,
  "the call takes its time and fails": (call, clock) => clock.after(faultMs).then(() => fails(call, clock)),
};

/** Faults that last for a time from the n-th call on. */
const lasting: Record<string, Spoil> = {
  "all calls fail for a time": fails,
  "nothing grows for a time": (call, clock) =>
    ["open", "allocate"].includes(call.verb) ? isFull(call, clock) : undefined,
  "all calls take their time": stalls,
};

/** Bytes of one frame of each class: the ring overflows, and not with what may not be overwritten. */
const weights = { critical: 60, event: 100, normal: 900, bulk: 900 } as const;

/** What one append was told, and when. */
interface Told {
  readonly number: number;
  readonly class: Class;
  readonly atMs: number;
  answeredAtMs?: number;
  answer?: Appended;
}

/** One life of a ring over a disk that is spoilt at some calls. */
class Life {
  readonly clock = new VirtualClock();
  readonly told: Told[] = [];
  readonly settled = new Set<string>();
  ring!: Ring;
  readonly disk: VirtualDisk;

  constructor(disk: VirtualDisk) {
    this.disk = disk;
  }

  /** Opens, fills all classes past the cap, gives verdicts, opens an epoch, fills again. */
  async run(): Promise<void> {
    this.ring = await this.#open();
    for (let round = 0; round < 12; round++) {
      for (const className of classes) this.#append(className, weights[className]);
      await this.clock.advance(20);
      if (round === 5) this.#settle();
      if (round === 8) await this.clock.run(this.ring.openEpoch("drift")).catch(isFault);
    }
    // The last fault may just have begun; 2 s after its end nothing of it is left.
    this.disk.onCall = () => {};
    await this.clock.advance(faultMs + 2_000);
  }

  /** As the agent does: a directory that cannot be read now may be in a second. */
  async #open(): Promise<Ring> {
    for (;;) {
      const opening = openSmall(this.disk, { clock: this.clock }).catch(isFault);
      const ring = await this.clock.run(opening);
      if (ring !== undefined) return ring;
      await this.clock.advance(1_000);
    }
  }

  #append(className: Class, bytes: number): void {
    for (let i = 0; i < 3; i++) {
      const told: Told = { number: this.told.length + 1, class: className, atMs: this.clock.uptimeMs() };
      this.told.push(told);
      const end = () => told.answeredAtMs = this.clock.uptimeMs();
      this.ring.append(className, [frame(told.number, bytes)]).then((answer) => told.answer = answer, isFault).then(
        end,
      );
    }
  }

  #settle(): void {
    for (const { epoch, class: name, held } of this.ring.onBoard()) {
      if (name === "critical" || held.length === 0) continue;
      const range = { first: held[0].first, last: held[0].first + 5 };
      this.ring.settle(epoch, name, [range]);
      for (let seq = range.first; seq <= range.last; seq++) this.settled.add(`${epoch} ${name} ${seq}`);
    }
  }
}

function isFault(thrown: unknown): undefined {
  assert.ok(thrown instanceof Fault && thrown.code !== "internal", String(thrown));
}

/** Places of records that can be read, with their numbers, and of those that gap records name. */
async function account(ring: Ring) {
  const found = new Map<string, number>();
  for (const on of ring.onBoard()) {
    for (const record of await readAll(ring, on)) {
      found.set(`${on.epoch} ${on.class} ${record.seq}`, numberOf(record) ?? -1);
    }
  }
  const named = new Set<string>();
  for (const { epoch, class: name, range } of await namedGaps(ring)) {
    for (let seq = range.first; seq <= range.last; seq++) named.add(`${epoch} ${name} ${seq}`);
  }
  return { found, named };
}

/** Holds a life that is over to what callers were told. */
async function check(life: Life, what: string): Promise<void> {
  for (const { number, atMs, answeredAtMs = Infinity } of life.told) {
    assert.ok(
      answeredAtMs - atMs <= answerMsMax,
      `${what}: append ${number} was answered after ${answeredAtMs - atMs} ms`,
    );
  }
  assert.equal(life.ring.stats().fault, undefined, what);
  assert.equal(life.ring.stats().buffered, 0, what);
  const probe = await life.clock.run(life.ring.append("event", [frame(0)]));
  assert.equal(probe.state, "durable", what);
  assert.ok(life.disk.peakBytes <= smallRingBytes, `${what}: cap passed: ${life.disk.peakBytes}`);
  const again = await openSmall(life.disk.powerCut(), { seed: 2 });
  const { found, named } = await account(again);
  for (const { number, class: name, answer } of life.told) {
    if (answer === undefined) continue;
    const place = `${answer.epoch} ${name} ${answer.first}`;
    const isKept = found.get(place) === number || life.settled.has(place) || named.has(place);
    assert.ok(isKept, `${what}: ${place} was ${answer.state}, and is lost silently`);
  }
  await again.close();
}

/** Calls that a life makes when nothing is amiss. */
async function callsOf(): Promise<number> {
  const life = new Life(new VirtualDisk(seededRandom(1)));
  await life.run();
  await check(life, "without a fault");
  return life.disk.calls;
}

const every = Number(Deno.env.get("RING_NTH") ?? 3);

/** What happens from the n-th call on, or at it alone. */
function spoilt(spoil: Spoil, { n, life, lasts }: { n: number; life: Life; lasts: boolean }): VirtualDisk["onCall"] {
  let endMs = Infinity;
  return (call) => {
    if (call.index === n && lasts) endMs = life.clock.uptimeMs() + faultMs;
    const isHit = call.index === n || (lasts && call.index > n && life.clock.uptimeMs() < endMs);
    return isHit ? spoil(call, life.clock) : undefined;
  };
}

const faults = [single, lasting].flatMap((group) =>
  Object.entries(group).map(([name, spoil]) => ({ name, spoil, lasts: group === lasting }))
);
for (const [index, { name, spoil, lasts }] of faults.entries()) {
  Deno.test(`at every disk call, ${name}: answers in time, all true, and the ring is well 2 s later`, async () => {
    const calls = await callsOf();
    // Ordinarily the faults share the calls between them; RING_NTH=1 gives each all of them.
    for (let n = index % every; n < calls; n += every) {
      const life = new Life(new VirtualDisk(seededRandom(n)));
      life.disk.onCall = spoilt(spoil, { n, life, lasts });
      await life.run();
      await check(life, `${name}, call ${n}`);
    }
  });
}
