import { deepStrictEqual } from "node:assert/strict";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import { parseRanges } from "#proto/ranges.ts";
import { emptyLedgerEntry, type LedgerEntry } from "../lib/store/ledger_entry.ts";
import { unknownOf } from "./resend.ts";
import type { LineRanges } from "./wire.ts";

const epoch = parseEpoch(42n);

function line(ranges: string, of: Partial<LineRanges> = {}): LineRanges {
  return { epoch, class: "normal", ranges: parseRanges(ranges), ...of };
}

function entry(sets: { committed: string; quarantined?: string; inFlight?: string }): LedgerEntry {
  const key = { vehicle: parseVehicleId("drone-001"), epoch, class: "normal" } as const;
  return {
    ...emptyLedgerEntry(key, { sinceNs: 0n }),
    committed: parseRanges(sets.committed),
    quarantined: parseRanges(sets.quarantined ?? ""),
    inFlight: parseRanges(sets.inFlight ?? ""),
  };
}

Deno.test("unknown is what the ledger neither has committed, nor quarantined, nor under way", () => {
  const ledger = [entry({ committed: "1-4,20-30", quarantined: "5-6" })];
  const known = { ledger, waiting: [line("10"), line("31"), line("7", { class: "event" })] };
  deepStrictEqual(unknownOf([line("2-12,25-32")], known), [line("7-9,11-12,32")]);
  deepStrictEqual(unknownOf([line("2-6")], known), []);
});

Deno.test("an epoch or class of which there is no line is unknown as a whole", () => {
  const ledger = [entry({ committed: "1-9" })];
  const others = [line("1-3", { class: "event" }), line("4-5", { epoch: parseEpoch(43n) })];
  deepStrictEqual(unknownOf([line("1-9"), ...others], { ledger, waiting: [] }), others);
});

Deno.test("what an earlier owner left in flight is unknown: nobody will decide it any more", () => {
  const ledger = [entry({ committed: "1-4", inFlight: "5-6" })];
  deepStrictEqual(unknownOf([line("1-6")], { ledger, waiting: [] }), [line("5-6")]);
});
