/**
 * While everything on the way is in good order, a record is decided soon after it was answered: no part of the system
 * waits for another that has nothing to do with it. Records of a suspended table may wait; their neighbours may not.
 */
import { type Class, classNumber } from "#proto/class.ts";
import { has, none, type Ranges, union } from "#proto/ranges.ts";
import { seriesName } from "../database.ts";
import type { Answer } from "../given.ts";
import type { Check, View } from "./check.ts";

/** Links are up again 20 s after a fault at the latest, the rest is seconds. */
const promptMs = 90_000;

/** See the head of this file. */
export function prompt(): Check {
  let open: Answer[] = [];
  const aside = new Map<string, Ranges>();
  const nameOf = (one: { vehicle: string; epoch: bigint; class: Class }) =>
    seriesName(one.vehicle, one.epoch, { class: classNumber(one.class) });
  const isLate = (answer: Answer, view: View) => {
    const name = nameOf(answer);
    return answer.frames.some(({ shape }, at) =>
      view.database.shown(name, answer.first + at) === 0 && !has(aside.get(name) ?? none, answer.first + at) &&
      !view.database.isSuspended(shape.stream)
    );
  };
  return {
    name: "decided soon while all is well",
    handleAnswer: (answer) => void open.push(answer),
    handleTold: (told) => {
      const name = nameOf(told);
      if (told.kind === "quarantined") aside.set(name, union(aside.get(name) ?? none, told.ranges));
      return undefined;
    },
    look: (view) => {
      const { nowMs, healthySinceMs, vehicles } = view;
      if (healthySinceMs === undefined || nowMs - healthySinceMs < promptMs) return undefined;
      const gaveUp = new Set(vehicles().filter(({ hasLost }) => hasLost).map(({ id }) => id));
      const due = open.filter(({ atMs, vehicle }) => nowMs - atMs >= promptMs && !gaveUp.has(vehicle));
      const late = due.find((answer) => isLate(answer, view));
      open = open.filter(({ atMs }) => nowMs - atMs < promptMs);
      return late && `${nameOf(late)} ${late.first} was answered at ${late.atMs} ms and has no verdict yet`;
    },
  };
}
