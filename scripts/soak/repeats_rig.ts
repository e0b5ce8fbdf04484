/**
 * Every batch sent ten times over half an hour of virtual time, across owners that go without a word, some with another
 * body under a right checksum (goals.md R7). Real ingest, real SQLite file, no sleeping.
 */
import { type BatchItem, batchOf, IngestStage, recordsOf, telemetry, vehicle } from "#cloud/ingest/testing/stage.ts";
import { pageRowsMax, quarantinePageMax } from "#cloud/lib/store/limits.ts";
import { quarantineId } from "#cloud/lib/store/quarantine_documents.ts";
import type { Row } from "#cloud/lib/store/rows.ts";
import { bundleHeaderBytes, bundleItemBytes } from "#proto/bundle.ts";
import { parseStream } from "#proto/ids.ts";
import { bundleBytesMax } from "#proto/limits.ts";
import { countOf } from "#proto/ranges.ts";
import { encodeShape } from "#proto/shape.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";

/** What is sent. */
export interface RepeatsLoad {
  readonly batches: number;
  readonly recordsPerBatch: number;
  readonly seed: number;
}

/** What came of it. */
export interface RepeatsResult {
  readonly deliveries: number;
  readonly restarts: number;
  /** Deliveries with another body. */
  readonly changed: number;
  readonly rowsWanted: number;
  readonly rows: number;
  /** Rows that do not hold what came first. */
  readonly rowsOverwritten: number;
  /** Seqs that the ledger calls stored. */
  readonly committed: number;
  /** Entries of quarantine. */
  readonly keptAside: number;
  /** Entries that are not of one changed body each, and changed bodies without an entry. */
  readonly misplaced: number;
}

/** Deliveries of each batch. */
const times = 10;
/** From the first delivery to the last. */
const spanMs = 30 * 60_000;
const changedShare = 0.01;
/** Owners that go without a flush, evenly over the time. */
const ownersGone = 20;
/** The service's every 5 s would be 18. */
const flushesPerOwner = 18;

/** Items that fit into one message, and which of them have another body. */
interface Bundle {
  readonly items: readonly BatchItem[];
  readonly changed: readonly number[];
}

/** Whether all is as it should be. */
export function isWell(
  { rows, rowsWanted, rowsOverwritten, committed, keptAside, changed, misplaced }: RepeatsResult,
): boolean {
  return rows === rowsWanted && committed === rows && rowsOverwritten === 0 && keptAside === changed && misplaced === 0;
}

/** Sends the load, and looks at what the store holds then. */
export async function soakRepeats(load: RepeatsLoad): Promise<RepeatsResult> {
  const stage = new IngestStage();
  try {
    // Where the relay puts it: an owner that comes later finds it there.
    stage.bucket.set(telemetry.hash, encodeShape(telemetry));
    await stage.restart();
    const changed = new Set<string>();
    const deliveries = await sendAll(stage, load, changed);
    await stage.ingest.flush();
    return {
      deliveries,
      restarts: ownersGone,
      changed: changed.size,
      rowsWanted: load.batches * load.recordsPerBatch,
      ...await rowsOf(stage),
      committed: countOf((await stage.line())?.committed ?? []),
      ...await asideOf(stage, changed),
    };
  } finally {
    await stage.close();
  }
}

/** Fills the places of changed bodies in. */
async function sendAll(stage: IngestStage, load: RepeatsLoad, changed: Set<string>): Promise<number> {
  const random = seededRandom(load.seed);
  const expected = load.batches * times;
  const ownerEvery = expected / ownersGone;
  let [sent, flushes, owners] = [0, 0, 0];
  for (let time = 0; time < times; time++) {
    for (const { items, changed: places } of bundlesOf(load, { random, isFirst: time === 0 })) {
      const message = stage.put(items);
      for (const item of places) changed.add(`${message.place.sequence}/${item}`);
      await stage.ingest.commit([message]);
      await stage.clock.advance(spanMs * items.length / expected);
      sent += items.length;
      for (; flushes < Math.floor(sent * flushesPerOwner / ownerEvery); flushes++) await stage.ingest.flush();
      for (; owners < Math.floor(sent / ownerEvery); owners++) await stage.restart();
    }
  }
  return sent;
}

/** All batches once. What comes first is right; later some are not. */
function* bundlesOf(
  { batches, recordsPerBatch }: RepeatsLoad,
  { random, isFirst }: { random: SeededRandom; isFirst: boolean },
): Generator<Bundle> {
  let [items, changed, bytes]: [BatchItem[], number[], number] = [[], [], bundleHeaderBytes];
  // A step that has no divisor in common visits every batch, far from its neighbours.
  const step = isFirst ? 1 : stepFor(batches, random);
  for (let count = 0, number = 0; count < batches; count++, number = (number + step) % batches) {
    const isChanged = !isFirst && random.fraction() < changedShare;
    const item = itemOf(number * recordsPerBatch + 1, recordsPerBatch, isChanged);
    if (bytes + bundleItemBytes(item) > bundleBytesMax) {
      yield { items, changed };
      [items, changed, bytes] = [[], [], bundleHeaderBytes];
    }
    bytes += bundleItemBytes(item);
    if (isChanged) changed.push(items.length);
    items.push(item);
  }
  yield { items, changed };
}

function itemOf(first: number, count: number, isChanged: boolean): BatchItem {
  const value = (seq: number) => isChanged && seq === first ? -seq : seq;
  return batchOf(recordsOf({ first, last: first + count - 1 }, { value }));
}

function stepFor(batches: number, random: SeededRandom): number {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  for (let step = random.integer(1, batches);; step++) if (divisor(step, batches) === 1) return step;
}

async function rowsOf(stage: IngestStage): Promise<Pick<RepeatsResult, "rows" | "rowsOverwritten">> {
  let [rows, rowsOverwritten] = [0, 0];
  let after: Row | undefined;
  do {
    const query = { vehicle, stream: parseStream("telemetry"), limit: pageRowsMax, ...(after && { after }) };
    const page = await stage.store.rows(query);
    rows += page.rows.length;
    rowsOverwritten += page.rows.filter(({ seq, values }) => values.a !== seq).length;
    after = page.more ? page.rows[page.rows.length - 1] : undefined;
  } while (after !== undefined);
  return { rows, rowsOverwritten };
}

async function asideOf(
  stage: IngestStage,
  changed: ReadonlySet<string>,
): Promise<Pick<RepeatsResult, "keptAside" | "misplaced">> {
  const found = new Set<string>();
  let keptAside = 0;
  let after: string | undefined;
  do {
    const page = await stage.store.quarantined(vehicle, { limit: quarantinePageMax, ...(after && { after }) });
    keptAside += page.entries.length;
    for (const { place, code } of page.entries) {
      if (code === "different_body") found.add(`${place.sequence}/${place.item}`);
    }
    after = page.more ? quarantineId(page.entries[page.entries.length - 1]) : undefined;
  } while (after !== undefined);
  return { keptAside, misplaced: found.symmetricDifference(changed).size };
}
