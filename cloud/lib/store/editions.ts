/**
 * Editions: what several writers know of the same thing, each in a document of its own, read as one by whoever asks.
 *
 * No store that we use lets a writer say "only if nobody wrote since", so nobody ever writes over another's document: a writer
 * that lost its lease and does not know it yet (a stopped process that goes on) adds what was true when it stopped, and
 * takes nothing away. All that is kept this way only grows, or says when it was said, so the union is right whatever the order.
 *
 *     ledger   drone-001/42/normal/1718000000000000000 \  one entry
 *     ledger   drone-001/42/normal/1718000015000000000 /
 *
 * A line of the ledger has one document per process that changed it, some hundred bytes each, and they stay; most lines are
 * only ever changed by the process that runs while their epoch is open. A partition's checkpoint has one document for all: an
 * older one that comes late is as true as it was, and costs its reader some reading.
 */
import type { Document, DocumentKind } from "./backend.ts";

/** Tells writers of one store apart: the moment at which they began, ns since 1970. */
export type Edition = bigint;

const editedKinds: ReadonlySet<DocumentKind> = new Set(["fields", "overflowed", "ledger"]);

/** The document as this writer keeps it. */
export function inEdition(document: Document, edition: Edition): Document {
  return editedKinds.has(document.kind) ? { ...document, key: `${document.key}/${edition}` } : document;
}

/** What a document of an edited kind is about: its key without the edition. */
export function subjectOf({ key }: Pick<Document, "key">): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** The writer of a document of an edited kind. */
export function editionOf({ key }: Pick<Document, "key">): Edition {
  return BigInt(key.slice(key.lastIndexOf("/") + 1));
}
