/**
 * What the log holds is not sent again: within one session a record comes a second time only when the relay could not say
 * that the first had arrived, when the owner has passed its place without a verdict, or when ingest asks for it. Else an
 * outage of the ingest would fill the hub with copies.
 */
import { classNumber } from "#proto/class.ts";
import { seriesName } from "../database.ts";
import type { Check, LoggedBatch } from "./check.ts";

/** See the head of this file. */
export function noCopies(): Check {
  const bySeries = new Map<string, LoggedBatch[]>();
  const confirmed = new Set<number>();
  const passed = { live: 0, backfill: 0 };
  const nameOf = (one: Pick<LoggedBatch, "vehicle" | "epoch" | "class">) =>
    seriesName(one.vehicle, one.epoch, { class: classNumber(one.class) });
  const waits = ({ lane, sequence }: LoggedBatch) => passed[lane] < sequence;
  return {
    name: "no copies in the log",
    handleConfirmed: (sequence) => void confirmed.add(sequence),
    handlePassed: ({ live, backfill }) => {
      passed.live = Math.max(passed.live, live);
      passed.backfill = Math.max(passed.backfill, backfill);
    },
    handleAskedAgain: (asked) => void bySeries.delete(nameOf(asked)),
    handleLogged: (batch) => {
      const name = nameOf(batch);
      const known = (bySeries.get(name) ?? []).filter(waits);
      const copied = known.find((one) =>
        one.session === batch.session && confirmed.has(one.sequence) && one.first <= batch.last &&
        batch.first <= one.last
      );
      bySeries.set(name, [...known, batch]);
      return copied &&
        `${name} ${batch.first} to ${batch.last} came as ${batch.sequence}, which ${copied.sequence} holds`;
    },
  };
}
