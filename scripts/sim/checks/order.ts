/** Order is kept: within an epoch and class, seqs rise in the order of the answers, and none is given out twice. */
import { classNumber } from "#proto/class.ts";
import { seriesName } from "../database.ts";
import type { Check } from "./check.ts";

/** See the head of this file. */
export function order(): Check {
  const lasts = new Map<string, number>();
  return {
    name: "seqs rise, each once",
    handleAnswer: ({ vehicle, epoch, class: className, first, frames }) => {
      const name = seriesName(vehicle, epoch, { class: classNumber(className) });
      const last = lasts.get(name) ?? 0;
      if (first <= last) return `${name}: ${first} was answered behind ${last}`;
      lasts.set(name, first + frames.length - 1);
      return undefined;
    },
    handleSeqTwice: ({ vehicle, epoch }, seq) => `"${vehicle}" gave seq ${seq} of epoch ${epoch} out twice`,
  };
}
