import { deepStrictEqual as equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { has, normalize, type Range, subtract } from "#proto/ranges.ts";
import type { TimeMark } from "../store/ledger_entry.ts";
import { addMark, markOf, outwards, seqsWithin, type TimeSpan } from "./time_marks.ts";

const mark = (first: number, last: number, fromMs: number, toMs: number): TimeMark => ({ first, last, fromMs, toMs });

/** A line: the time of each seq, which seqs are committed, and in which batches. */
interface Case {
  readonly times: readonly number[];
  readonly batches: readonly (readonly number[])[];
  readonly asked: TimeSpan;
}

const isStored = ({ batches }: Case) => {
  const stored = new Set(batches.flat());
  return (seq: number) => stored.has(seq);
};

/** Batches are runs of seqs in any order, some never come; repeats come too. */
function someCase(someTimes: fc.Arbitrary<number[]>): fc.Arbitrary<Case> {
  return someTimes.chain((times) => {
    const batch = fc.tuple(fc.integer({ min: 1, max: times.length }), fc.integer({ min: 1, max: 6 })).map(
      ([first, count]) => Array.from({ length: count }, (_, at) => first + at).filter((seq) => seq <= times.length),
    );
    const asked = fc.tuple(fc.integer({ min: -5, max: 400 }), fc.integer({ min: 0, max: 80 })).map(([from, width]) => {
      return { fromMs: from, toMs: from + width };
    });
    return fc.record({ times: fc.constant(times), batches: fc.array(batch, { maxLength: 12 }), asked });
  });
}

const anyTimes = fc.array(fc.integer({ min: 0, max: 350 }), { minLength: 1, maxLength: 40 });
const risingTimes = anyTimes.map((times) => times.toSorted((a, b) => a - b));

function marksOf({ times, batches }: Case, marksMax: number): TimeMark[] {
  return batches.reduce<TimeMark[]>((marks, seqs) => {
    const ofBatch = BigInt64Array.from(seqs, (seq) => BigInt(times[seq - 1]) * 1_000_000n);
    return addMark(
      marks,
      markOf({ first: seqs[0], last: seqs[seqs.length - 1] }, { times: [ofBatch], offsetNs: 0n }),
      marksMax,
    );
  }, []);
}

Deno.test("marks rise, lie apart and are never more than allowed", () => {
  fc.assert(fc.property(someCase(anyTimes), fc.integer({ min: 1, max: 5 }), (one, marksMax) => {
    const marks = marksOf(one, marksMax);
    ok(marks.length <= marksMax);
    marks.forEach(({ first, last, fromMs, toMs }, at) => {
      ok(first <= last && fromMs <= toMs && (at === 0 || first > marks[at - 1].last));
    });
  }));
});

Deno.test("a stored row in the time asked for is found, in whatever order times come", () => {
  fc.assert(fc.property(someCase(anyTimes), fc.integer({ min: 1, max: 5 }), (one, marksMax) => {
    const found = seqsWithin(one.asked, { marks: marksOf(one, marksMax), last: one.times.length });
    one.times.forEach((time, at) => {
      const isAsked = time >= one.asked.fromMs && time <= one.asked.toMs;
      if (isAsked && isStored(one)(at + 1)) ok(has(found, at + 1), `seq ${at + 1} at ${time}`);
    });
  }));
});

Deno.test("where times rise, a missing row in the time asked for is found too, however few marks there are", () => {
  fc.assert(fc.property(someCase(risingTimes), fc.integer({ min: 1, max: 5 }), (one, marksMax) => {
    const { times, asked } = one;
    const around = { openedMs: times[0], closedMs: times[times.length - 1] };
    const found = seqsWithin(asked, { marks: marksOf(one, marksMax), last: times.length, ...around });
    times.forEach((time, at) => {
      if (time >= asked.fromMs && time <= asked.toMs) ok(has(found, at + 1), `seq ${at + 1} at ${time}`);
    });
  }));
});

Deno.test("with a mark for each row nothing is found that the rows around it exclude", () => {
  fc.assert(fc.property(someCase(risingTimes), (one) => {
    const { times, asked } = one;
    const stored = isStored(one);
    const singly = { ...one, batches: one.batches.flat().map((seq) => [seq]) };
    const found = seqsWithin(asked, { marks: marksOf(singly, Infinity), last: times.length });
    const at = (seq: number) => times[seq - 1];
    const wanted = times.flatMap((_, index): Range[] => {
      const seq = index + 1;
      const seqs = times.map((_, other) => other + 1);
      const before = stored(seq) ? seq : seqs.findLast((other) => other < seq && stored(other));
      const after = stored(seq) ? seq : seqs.find((other) => other > seq && stored(other));
      const fromMs = before === undefined ? -Infinity : at(before);
      const toMs = after === undefined ? Infinity : at(after);
      return fromMs <= asked.toMs && toMs >= asked.fromMs ? [{ first: seq, last: seq }] : [];
    });
    equal(found, normalize(wanted));
  }));
});

Deno.test("fewer marks only find more", () => {
  fc.assert(fc.property(someCase(anyTimes), (one) => {
    const last = one.times.length;
    const fine = seqsWithin(one.asked, { marks: marksOf(one, 8), last });
    const coarse = seqsWithin(one.asked, { marks: marksOf(one, 1), last });
    equal(subtract(fine, coarse), []);
  }));
});

Deno.test("of too many marks the two become one that take the least time together", () => {
  const marks = [mark(1, 5, 0, 100), mark(6, 7, 100, 110), mark(20, 21, 120, 125)];
  equal(addMark(marks, mark(30, 30, 900, 900), 3), [mark(1, 5, 0, 100), mark(6, 21, 100, 125), mark(30, 30, 900, 900)]);
});

Deno.test("before the first row and behind the last one the openings of the epoch and of the next one bound the time", () => {
  const marks = [mark(4, 6, 100, 200)];
  const line = { marks, last: 9, openedMs: 50, closedMs: 300 };
  const found = (fromMs: number, toMs: number) => seqsWithin({ fromMs, toMs }, line);
  equal(found(0, 49), []);
  equal(found(60, 70), [{ first: 1, last: 3 }]);
  equal(found(150, 160), [{ first: 1, last: 9 }]);
  equal(found(250, 400), [{ first: 7, last: 9 }]);
  equal(found(301, 400), []);
  equal(seqsWithin({ fromMs: 301, toMs: 301 }, { marks, last: 9 }), [{ first: 7, last: 9 }]);
  equal(seqsWithin({ fromMs: 1, toMs: 1 }, { marks: [], last: 9 }), [{ first: 1, last: 9 }]);
  equal(seqsWithin({ fromMs: 1, toMs: 1 }, { marks: [], last: 0 }), []);
});

Deno.test("a mark holds the earliest and latest of all times, with the offset, in milliseconds around them", () => {
  const someNs = fc.bigInt({ min: -(2n ** 61n), max: 2n ** 61n });
  const blocks = fc.array(fc.array(someNs, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(blocks, someNs, (times, offsetNs) => {
    const all = times.flat().map((time) => time + offsetNs).sort((a, b) => a < b ? -1 : 1);
    const { fromMs, toMs } = markOf({ first: 1, last: 9 }, {
      times: times.map((block) => BigInt64Array.from(block)),
      offsetNs,
    });
    equal({ fromMs, toMs }, outwards(all[0], all[all.length - 1]));
  }));
  equal(outwards(-1n, 1n), { fromMs: -1, toMs: 1 });
  equal(outwards(2_000_000n, 2_000_000n), { fromMs: 2, toMs: 2 });
});
