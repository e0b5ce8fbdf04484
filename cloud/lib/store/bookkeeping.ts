/** Ledger entries and checkpoints as documents of the store, there and back. */
import type { Class } from "#proto/class.ts";
import { parseEpoch, type VehicleId } from "#proto/ids.ts";
import { formatRanges, parseRanges, subtract, union } from "#proto/ranges.ts";
import type { Document } from "./backend.ts";
import type { Checkpoint, Gap, LedgerEntry } from "./store.ts";

interface LedgerText {
  readonly epoch: string;
  readonly class: Class;
  readonly expected: number;
  readonly committed: string;
  readonly quarantined: string;
  readonly inFlight: string;
  readonly onBoard: string;
  readonly gaps: readonly Gap[];
}

interface CheckpointText {
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
    gaps: entry.gaps,
  };
  return {
    kind: "ledger",
    key: `${keyPrefix(entry.vehicle)}${entry.epoch}/${entry.class}`,
    atNs: entry.sinceNs,
    text: JSON.stringify(text),
  };
}

/**
 * Reads a vehicle's ledger, oldest epoch first. An owner that died before its first save may have left an entry that its
 * successor began anew: such twins are one again.
 */
export function readLedger(vehicle: VehicleId, documents: readonly Document[]): LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  for (const document of documents) {
    const entry = readLedgerEntry(vehicle, document);
    const twin = entries.get(document.key);
    entries.set(document.key, twin === undefined ? entry : mergeTwins(twin, entry));
  }
  return Array.from(entries.values()).sort((a, b) => a.sinceNs < b.sinceNs ? -1 : a.sinceNs > b.sinceNs ? 1 : 0);
}

/** A checkpoint as a document; a partition has one. */
export function checkpointDocument(checkpoint: Checkpoint): Document {
  const places = checkpoint.places.map((place) => ({ ...place, atNs: place.atNs.toString() }));
  const text: CheckpointText = { places };
  return { kind: "checkpoint", key: `${checkpoint.partition}`, atNs: 0n, text: JSON.stringify(text) };
}

/** Reads what {@link checkpointDocument} made. */
export function readCheckpoint(document: Document): Checkpoint {
  const { places } = JSON.parse(document.text) as CheckpointText;
  return {
    partition: Number(document.key),
    places: places.map((place) => ({ ...place, atNs: BigInt(place.atNs) })),
  };
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
    gaps: text.gaps,
  };
}

function mergeTwins(older: LedgerEntry, newer: LedgerEntry): LedgerEntry {
  const committed = union(older.committed, newer.committed);
  return {
    ...newer,
    sinceNs: older.sinceNs,
    expected: Math.max(older.expected, newer.expected),
    committed,
    // What one of them kept aside may have been stored since: there is no way back from that.
    quarantined: subtract(union(older.quarantined, newer.quarantined), committed),
    gaps: [...older.gaps, ...newer.gaps],
  };
}
