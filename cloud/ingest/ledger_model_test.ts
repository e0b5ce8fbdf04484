/**
 * The account against the truth. A vehicle with several disks (images of one another, and empty ones) makes records,
 * delivers some, gives some up, starts anew; the ledger sees what the cloud would see. Then every cause it names must be
 * true of the disk that spoke last, and where that disk has told all there may be no `unknown`.
 */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Class, classes } from "#proto/class.ts";
import { type Epoch, parseEpoch, parseRelayName, parseVehicleId } from "#proto/ids.ts";
import { countOf, has, normalize, type Ranges } from "#proto/ranges.ts";
import { accountOf } from "../lib/completeness/account.ts";
import { expectedOf, missingOf, type MissingRange, testimonyOf } from "../lib/completeness/causes.ts";
import type { EpochOpening, Gap, LedgerEntry } from "../lib/store/ledger_entry.ts";
import type { Statement } from "../lib/store/vehicle_account.ts";
import { Ledger, type LineKey } from "./ledger.ts";

const vehicle = parseVehicleId("drone-001");
const through = { relay: parseRelayName("relay-1"), session: "aa" };
const modelClasses = ["critical", "normal"] as const;

/** What a critical record says. */
type Message = { readonly opening: EpochOpening } | { readonly gap: Gap; readonly key: LineKey };

/** `board`: readable, no verdict known; `settled`: readable, with one; `gone`: neither. */
interface Item {
  state: "board" | "settled" | "gone";
  /** When it was given up. */
  goneNs?: bigint;
  readonly message?: Message;
}

/** Records by seq - 1. */
type EpochOnDisk = { readonly epoch: Epoch; readonly items: Record<"critical" | "normal", Item[]> };

class World {
  ledger = new Ledger(1);
  disks: EpochOnDisk[][] = [[]];
  current = 0;
  /** The disk as it was when it spoke last, by reference: its items go on changing. */
  spoke: EpochOnDisk[] | undefined;
  statement: Statement | undefined;
  #backup: readonly LedgerEntry[] = [];
  #now = 0n;
  #epochs = 0n;

  constructor() {
    this.ledger.load(vehicle, []);
    this.start();
  }

  get disk(): EpochOnDisk[] {
    return this.disks[this.current];
  }

  #tick(): bigint {
    return ++this.#now;
  }

  /** The agent starts on the present disk: a new epoch. */
  start(): void {
    const newest = this.disk.at(-1);
    const last = (name: Class) => name === "critical" || name === "normal" ? newest?.items[name].length ?? 0 : 0;
    const nowNs = this.#tick();
    const opening: EpochOpening = {
      previous: newest?.epoch,
      lasts: { critical: last("critical"), event: 0, normal: last("normal"), bulk: 0 },
      ...{ reason: "start", boot: "aa", clockSynchronized: true, clockOffsetNs: 0n, ...through },
      ...{ openedAtNs: nowNs, receivedAtNs: nowNs },
    };
    const first: Item = { state: "board", message: { opening } };
    this.disk.push({ epoch: parseEpoch(++this.#epochs), items: { critical: [first], normal: [] } });
  }

  append(count: number): void {
    for (let at = 0; at < count; at++) this.disk.at(-1)!.items.normal.push({ state: "board" });
  }

  /** Another disk is put in: an image of the present one as it is now is kept aside and comes back later. */
  copy(): void {
    this.disks.push(this.disk.map(({ epoch, items }) => ({
      epoch,
      items: { critical: items.critical.map((item) => ({ ...item })), normal: items.normal.map((i) => ({ ...i })) },
    })));
  }

  change(pick: number): void {
    this.current = pick % this.disks.length;
    this.start();
    this.login();
  }

  wipe(): void {
    this.current = this.disks.push([]) - 1;
    this.start();
    this.login();
  }

  /** Some records of one epoch and class reach the store; the vehicle hears of it or does not. */
  deliver(pick: number, options: { name: "critical" | "normal"; from: number; count: number; isHeard: boolean }): void {
    const { name, from, count, isHeard } = options;
    const { epoch, items } = this.disk[pick % this.disk.length];
    const seqs = items[name].flatMap(({ state }, at) => state === "board" ? [at + 1] : []);
    const some = seqs.slice(from % (seqs.length + 1)).slice(0, count);
    if (some.length === 0) return;
    const nowNs = this.#tick();
    const key = { vehicle, epoch, class: name };
    this.ledger.commit(key, normalize(some.map((seq) => ({ first: seq, last: seq }))), nowNs);
    for (const seq of some) {
      const item = items[name][seq - 1];
      if (item.message !== undefined) this.#absorb(item.message, key, nowNs);
      if (isHeard) item.state = "settled";
    }
  }

  #absorb(message: Message, key: LineKey, nowNs: bigint): void {
    if ("gap" in message) return this.ledger.addGap(message.key, message.gap, nowNs);
    const { opening } = message;
    this.ledger.openEpoch(key, opening, nowNs);
    if (opening.previous === undefined) return;
    for (const name of classes) {
      this.ledger.expect({ vehicle, epoch: opening.previous, class: name }, opening.lasts[name], nowNs);
    }
  }

  /** The disk was full: the oldest records of an epoch go, and a gap record names those without a verdict. */
  overwrite(pick: number, count: number): void {
    const { epoch, items } = this.disk[pick % this.disk.length];
    const seqs = items.normal.flatMap(({ state }, at) => state === "gone" ? [] : [at + 1]).slice(0, count);
    const lost = seqs.filter((seq) => items.normal[seq - 1].state === "board");
    const goneNs = this.#tick();
    for (const seq of seqs) Object.assign(items.normal[seq - 1], { state: "gone", goneNs });
    for (const { first, last } of normalize(lost.map((seq) => ({ first: seq, last: seq })))) {
      const key = { vehicle, epoch, class: "normal" as const };
      const message = { key, gap: { first, last, cause: "overwritten" as const } };
      this.disk.at(-1)!.items.critical.push({ state: "board", message });
    }
  }

  /** Critical records with a verdict go too, when their epoch is over. */
  reclaim(pick: number): void {
    const entry = this.disk[pick % this.disk.length];
    if (entry === this.disk.at(-1)) return;
    for (const item of entry.items.critical) if (item.state === "settled") item.state = "gone";
  }

  login(): void {
    const onBoard: { epoch: Epoch; class: Class; ranges: Ranges }[] = [];
    const durable: { epoch: Epoch; class: Class; ranges: Ranges }[] = [];
    for (const { epoch, items } of this.disk) {
      for (const name of modelClasses) {
        const list = items[name];
        // The agent knows the end of its present epoch although nothing of it may be left; an older one's is in its segments.
        const isPresent = epoch === this.disk.at(-1)!.epoch;
        if (isPresent ? list.length === 0 : list.every(({ state }) => state === "gone")) continue;
        durable.push({ epoch, class: name, ranges: [{ first: list.length, last: list.length }] });
        const ranges = list.flatMap(({ state }, at) => state === "board" ? [{ first: at + 1, last: at + 1 }] : []);
        if (ranges.length > 0) onBoard.push({ epoch, class: name, ranges: normalize(ranges) });
      }
    }
    this.spoke = this.disk;
    const nowNs = this.#tick();
    this.ledger.takeInventory(vehicle, { onBoard, durable, through }, nowNs);
    this.statement = { ...through, atNs: nowNs, epochs: [...new Set(durable.map(({ epoch }) => epoch))], isCut: false };
  }

  /** The store is kept as it is now, for a restore. */
  backUp(): void {
    this.#backup = this.ledger.linesOf(vehicle);
  }

  /** The store is as it was at the backup, and the vehicle logs in: verdicts that it has may be unknown here. */
  restoreStore(): void {
    this.ledger = new Ledger(1);
    this.ledger.load(vehicle, this.#backup);
    this.login();
  }

  itemOf({ epoch, class: name }: LedgerEntry, seq: number): Item | undefined {
    if (name !== "critical" && name !== "normal") return undefined;
    return this.spoke?.find((one) => one.epoch === epoch)?.items[name][seq - 1];
  }

  /** Whether a gap record for it lies on the disk that spoke. */
  isNamedOnDisk(line: LedgerEntry, seq: number): boolean {
    return (this.spoke ?? []).some(({ items }) =>
      items.critical.some(({ message }) =>
        message !== undefined && "gap" in message && message.key.epoch === line.epoch &&
        message.key.class === line.class && has([message.gap], seq)
      )
    );
  }
}

/** One thing that happens; its name shows in a counterexample. */
interface Step {
  readonly run: (world: World) => void;
  readonly [fc.toStringMethod]: () => string;
}

function step(name: string, run: Step["run"]): Step {
  return { run, [fc.toStringMethod]: () => name };
}

const small = fc.nat({ max: 5 });
const someDelivery = fc.record({
  name: fc.constantFrom(...modelClasses),
  from: small,
  count: fc.integer({ min: 1, max: 5 }),
  isHeard: fc.boolean(),
});
const someStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 6 }).map((count) => step(`append ${count}`, (world) => world.append(count))),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(small, someDelivery).map(([pick, options]) =>
      step(`deliver ${pick} ${JSON.stringify(options)}`, (world) => world.deliver(pick, options))
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(small, small).map(([pick, count]) =>
      step(`overwrite ${pick} ${count}`, (world) => world.overwrite(pick, count))
    ),
  },
  { weight: 2, arbitrary: fc.constant(step("start", (world) => world.start())) },
  { weight: 2, arbitrary: fc.constant(step("login", (world) => world.login())) },
  { weight: 2, arbitrary: small.map((pick) => step(`reclaim ${pick}`, (world) => world.reclaim(pick))) },
  { weight: 1, arbitrary: fc.constant(step("copy", (world) => world.copy())) },
  { weight: 1, arbitrary: small.map((pick) => step(`change ${pick}`, (world) => world.change(pick))) },
  { weight: 1, arbitrary: fc.constant(step("wipe", (world) => world.wipe())) },
);

const someStepOfStore: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: someStep },
  { weight: 1, arbitrary: fc.constant(step("back up", (world) => world.backUp())) },
  { weight: 1, arbitrary: fc.constant(step("restore store", (world) => world.restoreStore())) },
);

function missingBySeq(world: World): { line: LedgerEntry; seq: number; cause: MissingRange["cause"] }[] {
  const lines = world.ledger.linesOf(vehicle);
  const testimony = testimonyOf(lines, world.statement);
  return lines.flatMap((line) =>
    missingOf(line, testimony).flatMap(({ first, last, cause }) =>
      Array.from({ length: last - first + 1 }, (_, at) => ({ line, seq: first + at, cause }))
    )
  );
}

/** Whether a cause is true of the disk that spoke last; `unknown` always is. */
function isTrue(world: World, { line, seq, cause }: ReturnType<typeof missingBySeq>[number]): boolean {
  const item = world.itemOf(line, seq);
  const isNamed = world.isNamedOnDisk(line, seq);
  switch (cause) {
    case "overwritten":
      return line.gaps.some((gap) => has([gap], seq));
    case "still_on_board":
      // Given up since the statement counts: the gap record that says so is on its way.
      return item?.state === "board" || (isNamed && (item?.goneNs ?? 0n) > world.statement!.atNs);
    case "vehicle_disk_lost":
      return item === undefined && !isNamed;
    case "unknown":
      return true;
    default:
      return false;
  }
}

Deno.test("every seq that is expected is stored or missing for one cause, and the cause is true", () => {
  fc.assert(
    fc.property(fc.array(someStepOfStore, { maxLength: 40, size: "max" }), (steps) => {
      const world = new World();
      for (const { run } of steps) run(world);
      for (const one of missingBySeq(world)) {
        ok(isTrue(world, one), `${one.line.epoch}/${one.line.class}/${one.seq} is no ${one.cause}`);
      }
      for (const line of world.ledger.linesOf(vehicle)) {
        const missing = missingOf(line, testimonyOf(world.ledger.linesOf(vehicle), world.statement));
        const whole = normalize([...line.committed, ...missing]);
        equal(whole, expectedOf(line) === 0 ? [] : [{ first: 1, last: expectedOf(line) }]);
        equal(countOf(whole), countOf(line.committed) + countOf(missing));
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("once a disk has told all that is critical, nothing that it could tell is unknown", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 40, size: "max" }), (steps) => {
      const world = new World();
      for (const { run } of steps) run(world);
      world.login();
      for (const pick of world.disk.keys()) {
        world.deliver(pick, { name: "critical", from: 0, count: Infinity, isHeard: true });
      }
      world.login();
      for (const { line, seq, cause } of missingBySeq(world)) {
        const isNamed = line.gaps.some((gap) => has([gap], seq));
        const wanted = isNamed
          ? "overwritten"
          : world.itemOf(line, seq)?.state === "board"
          ? "still_on_board"
          : "vehicle_disk_lost";
        equal([line.epoch, line.class, seq, cause], [line.epoch, line.class, seq, wanted]);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("forks are counted where two epochs go on from one, and nowhere else", () => {
  const world = new World();
  world.append(3);
  world.copy();
  world.start();
  world.login();
  const openAll = () => {
    for (const pick of world.disk.keys()) {
      world.deliver(pick, { name: "critical", from: 0, count: 9, isHeard: true });
    }
  };
  const account = () => {
    const parts = { lines: world.ledger.linesOf(vehicle), statement: world.statement, heardNs: 1n, nowNs: 1n };
    return accountOf(vehicle, { ...parts, before: undefined });
  };
  openAll();
  equal(account().forks, 0);
  world.change(1);
  openAll();
  equal(account().forks, 1);
});
