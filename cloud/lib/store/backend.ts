/**
 * The narrow port below the store: what SQLite and QuestDB must each do themselves. All meaning (columns, strays, ledger)
 * lies above it in `table_store.ts`, once.
 */
import type { StreamName, VehicleId } from "#proto/ids.ts";
import type { Range } from "#proto/ranges.ts";
import type { FoundColumn, NewColumn } from "./catalog.ts";
import type { Cell } from "./mapping.ts";
import type { TableGrowth, TableRows } from "./plan.ts";
import type { RowKey } from "./rows.ts";

/** Kinds of documents. */
export type DocumentKind =
  | "fields"
  | "overflowed"
  | "ledger"
  | "account"
  | "checkpoint"
  | "quarantine"
  | "quarantine_batch"
  | "probe";

/** Table of the documents. No stream's table begins with `_documents`. */
export const documentsTable = "_documents";

/** A small text that lies beside the rows, identified by kind, key and time. */
export interface Document {
  readonly kind: DocumentKind;
  readonly key: string;
  /** Nanoseconds since 1970; fixed for a document's life. It only says which ones are old. */
  readonly atNs: bigint;
  readonly text: string;
}

/** Part of a list of documents. */
export interface DocumentPage {
  /** Only documents behind this one. */
  readonly after?: Pick<Document, "key" | "atNs">;
  readonly limit: number;
  /** Only documents whose text is a JSON object with members that fit. */
  readonly where?: readonly MemberFilter[];
}

/** What a member of a document's text must be. Its name is one of ours, never a caller's. */
export type MemberFilter =
  | { readonly member: string; readonly equals: string }
  | { readonly member: string; readonly above: number };

/** Documents of a kind that are alike: in the part of the key before the first slash and in some members of the text. */
export interface Tally {
  /** That part, then the members as texts. */
  readonly of: readonly string[];
  readonly count: number;
}

/** What to count. */
export interface TallyQuery {
  readonly kind: DocumentKind;
  /** Names of members, ours, of which each document has all. */
  readonly members: readonly string[];
  /** Only those behind this one. */
  readonly after?: readonly string[];
  readonly limit: number;
}

/** What one write carries out. Tables and columns are there already, by {@link Backend.grow}. */
export interface Commit {
  readonly rows: readonly TableRows[];
  readonly documents: readonly Document[];
}

/** Rows wanted of one table. */
export interface Selection {
  readonly table: string;
  readonly vehicle: VehicleId;
  /** Only in the overflow table: whose rows. */
  readonly stream?: StreamName;
  readonly columns: readonly NewColumn[];
  readonly fromNs: bigint;
  readonly toNs: bigint;
  /** Only rows with this epoch and class, and a seq in the range. */
  readonly identity?: Pick<RowKey, "epoch" | "class"> & Range;
  readonly order: "ascending" | "descending";
  readonly after?: RowKey;
  readonly limit: number;
}

/** One row as it lies in its table. */
export interface StoredRow {
  readonly key: RowKey;
  readonly overflow: string | null;
  /** By place in `Selection.columns`. */
  readonly cells: readonly Cell[];
}

/** One database. Every call rejects with Fault `store_failed` when it does not answer. */
export interface Backend {
  /** So many rows more in one answer take about as long as a question of their own would. */
  readonly rowsPerQuestion: number;
  /** Resolves when it answers. */
  check(): Promise<void>;
  /** See `Store.life`. */
  life(): Promise<string>;
  /**
   * Makes tables and columns that are not there yet, and tells by table what columns it has then. Of several writers that want
   * a column under one name, whatever its case, the first one's stays, with its type.
   */
  grow(growth: readonly TableGrowth[]): Promise<ReadonlyMap<string, readonly FoundColumn[]>>;
  /** Resolves when all is durable and queryable, with the names of tables that are suspended. */
  commit(commit: Commit): Promise<{ suspended: readonly string[] }>;
  select(selection: Selection): Promise<StoredRow[]>;
  /** Documents of a kind whose key begins with the prefix, by time and key. */
  documents(kind: DocumentKind, prefix: string, page?: DocumentPage): Promise<Document[]>;
  /** Counts documents, in the order of what they are alike in. */
  tally(query: TallyQuery): Promise<Tally[]>;
  close(): Promise<void>;
}
