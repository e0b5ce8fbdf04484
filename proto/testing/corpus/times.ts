/** Validity: the forms of times, and where now lies between them. */
import type { Code } from "../../errors.ts";
import { derTime, join, sequence, set, text } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { validityOf } from "./recipe.ts";

const utc = 0x17;
const generalized = 0x18;
const minuteMs = 60_000;

/** See the head of this file. */
export const badTimes: readonly BadChain[] = [...forms(), ...places(), ...lists()];

/** Each is put for the beginning and for the end. */
function forms(): BadChain[] {
  const faults: [string, number, string][] = [
    ["a year with four digits although it is before 2050", generalized, "20300101000000Z"],
    ["the year 2049 with four digits", generalized, "20491231235959Z"],
    ["the year 0", generalized, "00000101000000Z"],
    ["no seconds", utc, "3001010000Z"],
    ["a fraction of a second", generalized, "20600101000000.5Z"],
    ["a time zone", utc, "300101000000+0000"],
    ["no time zone", utc, "300101000000"],
    ["a lower-case z", utc, "300101000000z"],
    ["month 0", utc, "300001000000Z"],
    ["month 13", utc, "301301000000Z"],
    ["day 0", utc, "300100000000Z"],
    ["30 February", utc, "300230000000Z"],
    ["29 February of a year without", utc, "310229000000Z"],
    ["hour 24", utc, "300101240000Z"],
    ["minute 60", utc, "300101006000Z"],
    ["second 60", utc, "300101000060Z"],
    ["a space for a digit", utc, "3001010000 0Z"],
    ["a sign for a digit", utc, "3001010000+1Z"],
    ["a year of four digits under the tag for two", utc, "20300101000000Z"],
    ["a year of two digits under the tag for four", generalized, "300101000000Z"],
    ["digits of another script", utc, "3001010000٠0Z"],
    ["a NUL at its end", utc, "300101000000Z\0"],
    ["no characters", utc, ""],
    ["a text's tag", 0x13, "300101000000Z"],
    ["an integer's tag", 0x02, "300101000000Z"],
  ];
  return faults.flatMap(([name, tag, value]) => [
    inLeaf(`a beginning with ${name}`, ({ nowMs }) => ({
      parts: () => ({ validity: sequence(text(tag, value), derTime(nowMs + 60 * minuteMs)) }),
    })),
    inLeaf(`an end with ${name}`, ({ nowMs }) => ({
      parts: () => ({ validity: sequence(derTime(nowMs - 60 * minuteMs), text(tag, value)) }),
    })),
  ]);
}

/** Beginning and end in ms from now, and those of the nearest that is right. */
function places(): BadChain[] {
  const faults: [string, Code, [number, number], [number, number]][] = [
    ["an end a second ago", "certificate_expired", [-minuteMs, -1000], [-minuteMs, 1000]],
    ["an end years ago", "certificate_expired", [-9e11, -4e11], [-9e11, 4e11]],
    ["a beginning beyond the tolerance", "certificate_not_yet_valid", [301_000, 900_000], [300_000, 900_000]],
    ["a beginning in years", "certificate_not_yet_valid", [1e11, 2e11], [-1e11, 2e11]],
    ["an end before its beginning, now between them", "bad_certificate", [4 * minuteMs, minuteMs], [
      minuteMs,
      minuteMs,
    ]],
    ["an end before its beginning, long ago", "bad_certificate", [-1e11, -2e11], [-2e11, 1e11]],
    ["an end before its beginning, in years", "bad_certificate", [2e11, 1e11], [-1e11, 2e11]],
    ["an end a second before its beginning", "bad_certificate", [minuteMs, minuteMs - 1000], [0, 0]],
  ];
  return faults.map(([name, code, bad, good]) => {
    const change = ([begin, end]: [number, number]) => ({ nowMs }: { nowMs: number }) => ({
      parts: () => ({ validity: validityOf(nowMs + begin, nowMs + end) }),
    });
    return inLeaf(name, change(bad), { code, control: change(good) });
  });
}

function lists(): BadChain[] {
  const times = (nowMs: number) => [derTime(nowMs - minuteMs), derTime(nowMs + minuteMs)];
  const validities: [string, (nowMs: number) => Uint8Array][] = [
    ["no validity", () => new Uint8Array()],
    ["a validity without times", () => sequence()],
    ["a beginning and no end", (nowMs) => sequence(times(nowMs)[0])],
    ["three times", (nowMs) => sequence(...times(nowMs), derTime(nowMs + minuteMs))],
    ["times in a set", (nowMs) => set(...times(nowMs))],
    ["times without a list", (nowMs) => join(times(nowMs))],
    ["something behind the times", (nowMs) => sequence(...times(nowMs), Uint8Array.of(5, 0))],
  ];
  return validities.map(([name, validity]) =>
    inLeaf(name, ({ nowMs }) => ({ parts: () => ({ validity: validity(nowMs) }) }))
  );
}
