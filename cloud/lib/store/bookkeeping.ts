/** Ledger entries and checkpoints as documents of the store, there and back. */
import type { Class } from "#proto/class.ts";
import { parseEpoch, parseRelayName, type VehicleId } from "#proto/ids.ts";
import { formatRanges, parseRanges, subtract, union } from "#proto/ranges.ts";
import { addMark } from "../completeness/time_marks.ts";
import type { Document } from "./backend.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { editionOf, subjectOf } from "./editions.ts";
import type { EpochOpening, Gap, LedgerEntry, TimeMark } from "./ledger_entry.ts";

interface LedgerText {
  readonly epoch: string;
  readonly class: Class;
  readonly expected: number;
  readonly committed: string;
  readonly quarantined: string;
  readonly inFlight: string;
  readonly onBoard: string;
  readonly onBoardTo: number;
  readonly gaps: readonly Gap[];
  /** First and last seq, earliest and latest ms. */
  readonly marks: readonly (readonly [number, number, number, number])[];
  readonly opening?: OpeningText;
}

interface OpeningText {
  readonly previous: string | null;
  readonly lasts: Readonly<Record<Class, number>>;
  readonly reason: string;
  readonly boot: string;
  readonly clockSynchronized: boolean;
  readonly clockOffsetNs: string;
  readonly openedAtNs: string;
  readonly receivedAtNs: string;
  readonly relay: string;
  readonly session: string;
  readonly link?: {
    readonly agentVersion: string;
    readonly clockOffset?: { readonly firstNs: string; readonly lastNs: string; readonly lastAtNs: string };
  };
}

interface CheckpointText {
  readonly log: string;
  readonly life: string;
  readonly places: readonly { atNs: string; live: number; backfill: number }[];
}

/** What the keys of a vehicle's documents begin with; no vehicle id contains the slash. */
export function keyPrefix(vehicle: VehicleId): string {
  return `${vehicle}/`;
}

/** A ledger entry as a document. */
export function ledgerDocument(entry: LedgerEntry): Document {
  const text: LedgerText = {
    epoch: entry.epoch.toString(),
    class: entry.class,
    expected: entry.expected,
    committed: formatRanges(entry.committed),
    quarantined: formatRanges(entry.quarantined),
    inFlight: formatRanges(entry.inFlight),
    onBoard: formatRanges(entry.onBoard),
    onBoardTo: entry.onBoardTo,
    gaps: entry.gaps,
    marks: entry.marks.map(({ first, last, fromMs, toMs }) => [first, last, fromMs, toMs]),
    ...(entry.opening && { opening: openingText(entry.opening) }),
  };
  return {
    kind: "ledger",
    key: `${keyPrefix(entry.vehicle)}${entry.epoch}/${entry.class}`,
    atNs: entry.sinceNs,
    text: JSON.stringify(text),
  };
}

/** Reads a vehicle's ledger, oldest epoch first. What several owners wrote of one epoch and class is one entry. */
export function readLedger(vehicle: VehicleId, documents: readonly Document[]): LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  for (const document of inOrderOfEditions(documents)) {
    const entry = readLedgerEntry(vehicle, document);
    const other = entries.get(subjectOf(document));
    entries.set(subjectOf(document), other === undefined ? entry : mergeEditions(other, entry));
  }
  return Array.from(entries.values()).sort((a, b) => a.sinceNs < b.sinceNs ? -1 : a.sinceNs > b.sinceNs ? 1 : 0);
}

/** A checkpoint as a document; a partition has one. */
export function checkpointDocument({ partition, log, life, places }: Checkpoint): Document {
  const text: CheckpointText = {
    log,
    life,
    places: places.map((place) => ({ ...place, atNs: place.atNs.toString() })),
  };
  return { kind: "checkpoint", key: `${partition}`, atNs: 0n, text: JSON.stringify(text) };
}

/** Reads what {@link checkpointDocument} made. */
export function readCheckpoint(document: Document): Checkpoint {
  const { places, ...of } = JSON.parse(document.text) as CheckpointText;
  return {
    partition: Number(document.key),
    ...of,
    places: places.map((place) => ({ ...place, atNs: BigInt(place.atNs) })),
  };
}

function inOrderOfEditions(documents: readonly Document[]): Document[] {
  return documents.toSorted((a, b) => editionOf(a) < editionOf(b) ? -1 : editionOf(a) > editionOf(b) ? 1 : 0);
}

function readLedgerEntry(vehicle: VehicleId, document: Document): LedgerEntry {
  const text = JSON.parse(document.text) as LedgerText;
  return {
    vehicle,
    epoch: parseEpoch(text.epoch),
    class: text.class,
    sinceNs: document.atNs,
    expected: text.expected,
    committed: parseRanges(text.committed),
    quarantined: parseRanges(text.quarantined),
    inFlight: parseRanges(text.inFlight),
    onBoard: parseRanges(text.onBoard),
    onBoardTo: text.onBoardTo,
    gaps: text.gaps,
    marks: text.marks.map(([first, last, fromMs, toMs]): TimeMark => ({ first, last, fromMs, toMs })),
    ...(text.opening && { opening: readOpening(text.opening) }),
  };
}

function openingText(opening: EpochOpening): OpeningText {
  const { previous, clockOffsetNs, openedAtNs, receivedAtNs, link, ...plain } = opening;
  const offset = link?.clockOffset;
  return {
    ...plain,
    ...(link && {
      link: {
        agentVersion: link.agentVersion,
        ...(offset && {
          clockOffset: {
            firstNs: offset.firstNs.toString(),
            lastNs: offset.lastNs.toString(),
            lastAtNs: offset.lastAtNs.toString(),
          },
        }),
      },
    }),
    previous: previous?.toString() ?? null,
    clockOffsetNs: clockOffsetNs.toString(),
    openedAtNs: openedAtNs.toString(),
    receivedAtNs: receivedAtNs.toString(),
  };
}

function readOpening({ previous, relay, link, ...text }: OpeningText): EpochOpening {
  const offset = link?.clockOffset;
  return {
    ...text,
    ...(link && {
      link: {
        agentVersion: link.agentVersion,
        clockOffset: offset && {
          firstNs: BigInt(offset.firstNs),
          lastNs: BigInt(offset.lastNs),
          lastAtNs: BigInt(offset.lastAtNs),
        },
      },
    }),
    previous: previous === null ? undefined : parseEpoch(previous),
    clockOffsetNs: BigInt(text.clockOffsetNs),
    openedAtNs: BigInt(text.openedAtNs),
    receivedAtNs: BigInt(text.receivedAtNs),
    relay: parseRelayName(relay),
  };
}

/**
 * Verdicts and gaps only grow, so their union is right. What is in flight or on board changes both ways: it is taken from
 * whoever knows of more seqs, for that one was told later.
 */
function mergeEditions(older: LedgerEntry, newer: LedgerEntry): LedgerEntry {
  const told = newer.expected >= older.expected ? newer : older;
  const committed = union(older.committed, newer.committed);
  // What one of them kept aside may have been stored since: there is no way back from that.
  const quarantined = subtract(union(older.quarantined, newer.quarantined), committed);
  const opening = older.opening ?? newer.opening;
  const isNew = (gap: Gap) => older.gaps.every(({ first, last }) => first !== gap.first || last !== gap.last);
  return {
    ...told,
    sinceNs: older.sinceNs < newer.sinceNs ? older.sinceNs : newer.sinceNs,
    committed,
    quarantined,
    inFlight: subtract(subtract(told.inFlight, committed), quarantined),
    gaps: [...older.gaps, ...newer.gaps.filter(isNew)],
    marks: newer.marks.reduce((marks, mark) => addMark(marks, mark), older.marks),
    ...(opening && { opening }),
  };
}
