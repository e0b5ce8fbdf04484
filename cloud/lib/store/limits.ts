/** Bounds of the store and of what is asked of it. Source: protocol.md section 4, Limits. */
import { ok } from "node:assert/strict";
import { fieldNameMax } from "#proto/limits.ts";

/** Streams with a table of their own; frames of later ones go to the overflow table. */
export const streamsMax = 200;
/** Fields of a stream with a column of their own; values of later ones go to the overflow column. */
export const columnsMax = 400;
/** Names of streams without a table that the catalog lists. Later ones are stored too, and read by their name. */
export const overflowStreamsMax = 1_000;
/** Names of fields without a column that the catalog lists per stream. Later ones are stored and read too. */
export const overflowFieldsMax = 1_000;
/** Length of a column's name: it is a file name in QuestDB. */
export const columnNameMax = 127;
/** Rows in one page: some megabytes of JSON for the widest streams. */
export const pageRowsMax = 10_000;
/** Quarantined batches in one page, without their bytes. */
export const quarantinePageMax = 1_000;
/** Counts of quarantined batches in one page: a code and a state of a vehicle each. */
export const quarantineCountsMax = 10_000;
/** Vehicles' accounts in one page: some hundred bytes each. */
export const accountPageMax = 1_000;
/** Marks of time in one ledger line: its epoch's length by so many is how finely a time is told; 40 bytes each. */
export const timeMarksMax = 64;
/** Stored rows that are read at a time to be compared with repeats. */
export const compareRowsMax = 2_000;
/** Time between two repeats of one series up to which one question reads both, and what lies between them. */
export const neighbourNsMax = 600_000_000_000n;
/**
 * Times that a write is planned anew because another writer was first with a column. Each time it loses only to columns that
 * were made meanwhile; then it fails and is repeated as a whole.
 */
export const growthRoundsMax = 8;
/** Tables asked at a time when one call reads them all. */
export const readsAtOnce = 8;
/** Times that tables can take, ns since 1970: 2000 to 2200. A day is a partition, so a wild clock must not get in. */
export const storedNsMin = 946_684_800_000_000_000n;
export const storedNsMax = 7_258_118_400_000_000_000n;

ok(fieldNameMax <= columnNameMax, "a field's name can be a column's");
ok(storedNsMax < 1n << 63n, "times fit into 64 bits");
