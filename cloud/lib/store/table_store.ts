/** Makes the store out of a database: one meaning of columns, strays and bookkeeping for all of them. */
import { ok } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import type { StreamName, VehicleId } from "#proto/ids.ts";
import { accountDocument, accountPlace, readAccount } from "./account_document.ts";
import {
  type Backend,
  type Commit,
  type Document,
  type DocumentKind,
  documentsTable,
  type StoredRow,
} from "./backend.ts";
import { checkpointDocument, keyPrefix, ledgerDocument, readCheckpoint, readLedger } from "./bookkeeping.ts";
import {
  addOverflowed,
  type Catalog,
  fieldsText,
  isFull,
  mergeStreams,
  overflowedText,
  readStream,
  streamInfo,
  type StreamPlace,
  unlistedStream,
} from "./catalog.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { compareBlock, neighboursOf, spanOf, type StoredRows } from "./compare.ts";
import { type Edition, editionOf, inEdition, subjectOf } from "./editions.ts";
import type { LedgerEntry } from "./ledger_entry.ts";
import {
  accountPageMax,
  compareRowsMax,
  growthRoundsMax,
  pageRowsMax,
  quarantineCountsMax,
  quarantinePageMax,
  readsAtOnce,
} from "./limits.ts";
import { adoptGrowth, findUnstorable, growthOfAll, planWrite, type WritePlan } from "./plan.ts";
import {
  countQuery,
  quarantineDocuments,
  quarantineFilters,
  quarantinePlace,
  readCount,
  readQuarantine,
  readQuarantineBatch,
} from "./quarantine_documents.ts";
import type {
  KeptAside,
  QuarantineCountPage,
  QuarantineCountQuery,
  QuarantineEntry,
  QuarantinePage,
  QuarantineQuery,
} from "./quarantine_entry.ts";
import { planRead, readRow } from "./reading.ts";
import type { Comparison, LatestRow, RowBlock, RowKey, RowPage, RowQuery, WriteOutcome } from "./rows.ts";
import type { Store, StoreReader } from "./store.ts";
import type { StreamInfo } from "./stream_info.ts";
import type { AccountPage, AccountQuery, VehicleAccount } from "./vehicle_account.ts";

/**
 * The store over a database, for a process that writes. It owns the backend from now on. Processes that write to one database
 * need an edition each: see `editions.ts`.
 */
export function createStore(backend: Backend, edition: Edition = 0n): Store {
  return new TableStore(backend, edition);
}

/** The store over a database, for those who only read. It owns the database from now on. */
export function createReader(backend: Backend): StoreReader {
  return new TableReader(backend);
}

class TableReader implements StoreReader {
  constructor(protected readonly backend: Backend) {}

  check(): Promise<void> {
    return this.backend.check();
  }

  async streams(): Promise<StreamInfo[]> {
    const catalog = await readCounts(this.backend, await readCatalog(this.backend));
    return Array.from(catalog.values(), streamInfo).sort((a, b) => a.stream < b.stream ? -1 : 1);
  }

  async rows(query: RowQuery): Promise<RowPage> {
    ok(query.limit >= 1 && query.limit <= pageRowsMax, "limit of a page");
    const plan = planRead(await this.#place(query.stream), query);
    // One more than asked for tells whether there is more.
    const stored = await this.backend.select({ ...plan.selection, limit: query.limit + 1 });
    return {
      fields: plan.fields.map(({ field }) => field),
      rows: stored.slice(0, query.limit).map((row) => readRow(row, plan)),
      more: stored.length > query.limit,
    };
  }

  async latest(vehicle: VehicleId): Promise<LatestRow[]> {
    const places = Array.from((await readCatalog(this.backend)).values());
    const latest: LatestRow[] = [];
    for (let at = 0; at < places.length; at += readsAtOnce) {
      const found = await Promise.all(
        places.slice(at, at + readsAtOnce).map((place) => this.#latestOf(place, vehicle)),
      );
      latest.push(...found.filter((row) => row !== undefined));
    }
    return latest.sort((a, b) => a.stream < b.stream ? -1 : 1);
  }

  async ledger(vehicle: VehicleId): Promise<LedgerEntry[]> {
    return readLedger(vehicle, await this.backend.documents("ledger", keyPrefix(vehicle)));
  }

  async account(vehicle: VehicleId): Promise<VehicleAccount | undefined> {
    const [found] = await this.backend.documents("account", accountPlace(vehicle).key);
    return found === undefined ? undefined : readAccount(found);
  }

  async accounts({ after, limit }: AccountQuery): Promise<AccountPage> {
    ok(limit >= 1 && limit <= accountPageMax, "limit of a page");
    const page = { limit: limit + 1, ...(after !== undefined && { after: accountPlace(after) }) };
    const documents = await this.backend.documents("account", "", page);
    return { accounts: documents.slice(0, limit).map(readAccount), more: documents.length > limit };
  }

  async quarantined(vehicle: VehicleId, query: QuarantineQuery): Promise<QuarantinePage> {
    const { after, limit } = query;
    ok(limit >= 1 && limit <= quarantinePageMax, "limit of a page");
    const place = after === undefined ? undefined : quarantinePlace(vehicle, after);
    if (after !== undefined && place === undefined) {
      throw new Fault("bad_query", `Cannot go on after "${after.slice(0, 100)}": it is no id of an entry`);
    }
    const page = { limit: limit + 1, where: quarantineFilters(query), ...(place && { after: place }) };
    const documents = await this.backend.documents("quarantine", keyPrefix(vehicle), page);
    return {
      entries: documents.slice(0, limit).map((document) => readQuarantine(vehicle, document)),
      more: documents.length > limit,
    };
  }

  async quarantinedOne(vehicle: VehicleId, id: string): Promise<QuarantineEntry> {
    return readQuarantine(vehicle, await this.#ofQuarantine("quarantine", vehicle, id));
  }

  async quarantinedBatch(vehicle: VehicleId, id: string): Promise<Uint8Array> {
    return readQuarantineBatch(await this.#ofQuarantine("quarantine_batch", vehicle, id));
  }

  async quarantineCounts(query: QuarantineCountQuery): Promise<QuarantineCountPage> {
    ok(query.limit >= 1 && query.limit <= quarantineCountsMax, "limit of a page");
    const tallies = await this.backend.tally(countQuery({ ...query, limit: query.limit + 1 }));
    return { counts: tallies.slice(0, query.limit).map(readCount), more: tallies.length > query.limit };
  }

  close(): Promise<void> {
    return this.backend.close();
  }

  async #ofQuarantine(kind: DocumentKind, vehicle: VehicleId, id: string): Promise<Document> {
    const place = quarantinePlace(vehicle, id);
    const documents = place === undefined ? [] : await this.backend.documents(kind, place.key);
    const found = documents.find(({ key, atNs }) => key === place?.key && atNs === place.atNs);
    if (found === undefined) throw new Fault("not_found", `Cannot find "${id.slice(0, 100)}" in quarantine`);
    return found;
  }

  async #latestOf(place: StreamPlace, vehicle: VehicleId): Promise<LatestRow | undefined> {
    const { stream } = place;
    const plan = planRead(place, { vehicle, stream, order: "descending", limit: 1 });
    const [stored] = await this.backend.select(plan.selection);
    if (stored === undefined) return undefined;
    return { stream, fields: plan.fields.map(({ field }) => field), row: readRow(stored, plan) };
  }

  async #place(stream: StreamName): Promise<StreamPlace> {
    const [known] = (await readCatalog(this.backend, `${stream}/`)).values();
    if (known !== undefined) return known;
    const place = placeOf(await readCatalog(this.backend), stream);
    if (place !== undefined) return place;
    throw new Fault("not_found", `Cannot read stream "${stream}": no frame of it was ever stored`, {
      pointer: "/stream",
    });
  }
}

class TableStore extends TableReader implements Store {
  readonly #edition: Edition;
  /**
   * What the documents say, as far as this writer needed to know. Undefined before the first write, and after a failed one:
   * the database may then hold less or more than it says.
   */
  #catalog: Catalog | undefined;
  /** Writes follow one another, since each plans on the catalog that the last one left. */
  #writes: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend, edition: Edition) {
    super(backend);
    this.#edition = edition;
  }

  life(): Promise<string> {
    return this.backend.life();
  }

  async write(blocks: readonly RowBlock[], aside: readonly KeptAside[] = []): Promise<WriteOutcome> {
    for (const block of blocks) refuseUnstorable(block);
    return await this.#inTurn(() => this.#write(blocks, aside));
  }

  async compare(blocks: readonly RowBlock[]): Promise<Comparison[]> {
    if (blocks.length === 0) return [];
    // Another writer may have given fields a column that this one has not needed yet.
    const catalog = await readCatalog(this.backend);
    const groups = neighboursOf(blocks, { seqsBetween: this.backend.rowsPerQuestion });
    const found = new Map<RowBlock, Comparison>();
    for (let at = 0; at < groups.length; at += readsAtOnce) {
      await Promise.all(
        groups.slice(at, at + readsAtOnce).map(async (neighbours) => {
          const stored = await this.#storedRows(neighbours, catalog);
          for (const one of neighbours) found.set(one, compareBlock(one, stored));
        }),
      );
    }
    return blocks.map((block) => found.get(block)!);
  }

  saveLedger(entries: readonly LedgerEntry[], accounts: readonly VehicleAccount[] = []): Promise<void> {
    return this.#keep([...entries.map(ledgerDocument), ...accounts.map(accountDocument)]);
  }

  saveCheckpoints(checkpoints: readonly Checkpoint[]): Promise<void> {
    return this.#keep(checkpoints.map(checkpointDocument));
  }

  async checkpoint(partition: number): Promise<Checkpoint | undefined> {
    const found = await this.backend.documents("checkpoint", `${partition}`);
    return found.map(readCheckpoint).find((checkpoint) => checkpoint.partition === partition);
  }

  quarantine(aside: readonly KeptAside[], ledger: readonly LedgerEntry[] = []): Promise<void> {
    return this.#keep([...aside.flatMap(quarantineDocuments), ...ledger.map(ledgerDocument)]);
  }

  probe(): Promise<void> {
    return this.#keep([{ kind: "probe", key: "", atNs: 0n, text: "" }]);
  }

  /** What is under way ends first, however it ends. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writes.then(work);
    this.#writes = Promise.allSettled([done]);
    return await done;
  }

  async #write(blocks: readonly RowBlock[], aside: readonly KeptAside[]): Promise<WriteOutcome> {
    const before = await this.#catalogFor(blocks);
    this.#catalog = undefined;
    const plan = await this.#grow(before, blocks);
    const suspended = await this.#commit({
      rows: plan.rows,
      documents: [...catalogDocuments(before, plan.catalog), ...aside.flatMap(quarantineDocuments)],
    });
    this.#catalog = plan.catalog;
    const streams = plan.rows.filter(({ table }) => suspended.includes(table)).map(({ stream }) => stream);
    return { suspended: Array.from(new Set(streams)) };
  }

  /** A stream that is new here may be known to others, and the number of streams is theirs too. */
  async #catalogFor(blocks: readonly RowBlock[]): Promise<Catalog> {
    const known = this.#catalog;
    const knows = (catalog: Catalog, { block }: RowBlock) => catalog.has(block.shape.stream) || isFull(catalog);
    if (known !== undefined && blocks.every((block) => knows(known, block))) return known;
    const catalog = await readCounts(this.backend, await readCatalog(this.backend), this.#edition);
    if (known === undefined) await this.backend.grow(growthOfAll(catalog));
    return catalog;
  }

  /** Makes what the blocks need, and plans them on what is there then. */
  async #grow(documented: Catalog, blocks: readonly RowBlock[]): Promise<WritePlan> {
    let before = documented;
    for (let round = 0; round < growthRoundsMax; round++) {
      const plan = planWrite(before, blocks);
      if (plan.growth.length === 0) return plan;
      before = adoptGrowth(before, { planned: plan.catalog, found: await this.backend.grow(plan.growth) });
    }
    throw new Fault("store_failed", `Cannot get columns: other writers were first ${growthRoundsMax} times`);
  }

  async #storedRows(neighbours: readonly RowBlock[], catalog: Catalog): Promise<StoredRows> {
    const [{ vehicle, epoch, class: className, block: { shape: { stream } } }] = neighbours;
    const place = placeOf(catalog, stream);
    if (place === undefined) return nothingStored({ vehicle, stream });
    const { fromNs, toNs, ...seqs } = spanOf(neighbours);
    const query = { vehicle, stream: place.stream, fromNs, toNs, limit: compareRowsMax };
    const plan = planRead(place, query);
    const identity = { epoch, class: className, ...seqs };
    const rows = new Map<number, StoredRow>();
    let after: RowKey | undefined;
    do {
      const stored = await this.backend.select({ ...plan.selection, identity, ...(after && { after }) });
      for (const row of stored) rows.set(row.key.seq, row);
      after = stored.length < compareRowsMax ? undefined : stored[stored.length - 1].key;
    } while (after !== undefined);
    return { plan, rows };
  }

  async #keep(documents: readonly Document[]): Promise<void> {
    await this.#commit({ rows: [], documents });
  }

  async #commit({ rows, documents }: Commit): Promise<readonly string[]> {
    const own = documents.map((document) => inEdition(document, this.#edition));
    const { suspended } = await this.backend.commit({ rows, documents: own });
    if (!suspended.includes(documentsTable)) return suspended;
    throw new Fault("table_suspended", `Cannot keep documents: table "${documentsTable}" is suspended`);
  }
}

/** Of a stream that was never seen. */
function nothingStored({ vehicle, stream }: { vehicle: VehicleId; stream: StreamName }): StoredRows {
  return { plan: planRead(unlistedStream(stream), { vehicle, stream, limit: 1 }), rows: new Map() };
}

/** A catalog that is full lists no further streams, yet their rows are there. */
function placeOf(catalog: Catalog, stream: StreamName): StreamPlace | undefined {
  return catalog.get(stream) ?? (isFull(catalog) ? unlistedStream(stream) : undefined);
}

async function readCatalog(backend: Backend, prefix = ""): Promise<Catalog> {
  const catalog = new Map<StreamName, StreamPlace>();
  for (const document of await backend.documents("fields", prefix)) {
    const place = readStream(subjectOf(document), document.text);
    const known = catalog.get(place.stream);
    catalog.set(place.stream, known === undefined ? place : mergeStreams(known, place));
  }
  return catalog;
}

/** The catalog with the counts of strays: those of one writer, or of all. */
async function readCounts(backend: Backend, catalog: Catalog, edition?: Edition): Promise<Catalog> {
  const counted = new Map(catalog);
  for (const document of await backend.documents("overflowed", "")) {
    const place = counted.get(subjectOf(document) as StreamName);
    const wanted = edition === undefined || editionOf(document) === edition;
    if (place !== undefined && wanted) counted.set(place.stream, addOverflowed(place, document.text));
  }
  return counted;
}

function refuseUnstorable(block: RowBlock): void {
  const wild = findUnstorable(block);
  if (wild === undefined) return;
  throw new Fault("bad_batch", `Cannot store rows of "${block.vehicle}" in "${block.block.shape.stream}": ${wild.why}`);
}

/** What a writer has learned of the catalog since its documents were written. */
function catalogDocuments(before: Catalog, after: Catalog): Document[] {
  const document = (kind: DocumentKind, key: string, text: string) => ({ kind, key, atNs: 0n, text });
  const changed = Array.from(after.values()).map((place) => ({ place, known: before.get(place.stream) }));
  return [
    ...changed.filter(({ place, known }) => known?.fields !== place.fields)
      .map(({ place }) => document("fields", place.stream, fieldsText(place))),
    ...changed.filter(({ place, known }) => known?.overflowed !== place.overflowed)
      .map(({ place }) => document("overflowed", place.stream, overflowedText(place))),
  ];
}
