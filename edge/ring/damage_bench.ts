/**
 * Damages a segment of the ring in every way that hits one place, goals.md R3: `deno run -A edge/ring/damage_bench.ts`.
 * Every bit flipped and every length cut, each read as a start of the agent reads it; prints counts and the slowest read.
 */
import { countOf, type Ranges } from "#proto/ranges.ts";
import { fillSegment, flip, hitBy, readDamaged } from "./testing/damage.ts";

const segmentBytes = 64 * 1024;

/** What came of one kind of damage. */
class Tally {
  tried = 0;
  lost = 0;
  wrong = 0;
  slowestMs = 0;

  /** Reads once; `expected` is what the damage hit. */
  add(expected: Ranges, read: () => Ranges): void {
    const begin = performance.now();
    try {
      const lost = read();
      this.lost += countOf(lost);
      if (JSON.stringify(lost) !== JSON.stringify(expected)) throw new Error(`lost ${JSON.stringify(lost)}`);
    } catch (thrown) {
      this.wrong++;
      console.error(`${this.tried}: expected ${JSON.stringify(expected)}: ${thrown}`);
    }
    this.tried++;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - begin);
  }

  show(name: string): void {
    console.log(
      `${name}: ${this.tried} tried, ${this.wrong} wrong; records lost and named: ${this.lost}, ` +
        `slowest read ${this.slowestMs.toFixed(0)} ms`,
    );
  }
}

async function main(): Promise<number> {
  const whole = await fillSegment(segmentBytes);
  const bytes = whole.bytes.slice();
  console.log(`A segment of ${bytes.length} bytes with ${whole.records.length} records`);

  const flips = new Tally();
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    flip(bytes, bit);
    flips.add(
      hitBy(whole, { from: bit >> 3, to: (bit >> 3) + 1 }),
      () => readDamaged(bytes, whole, { last: undefined }),
    );
    flip(bytes, bit);
  }
  flips.show("bits flipped");

  const cuts = new Tally();
  const last = whole.records[whole.records.length - 1].seq;
  // Below a whole first copy of the header there is nothing to read by: the file counts as never begun.
  for (let length = 512; length < bytes.length; length++) {
    const hit = hitBy(whole, { from: length, to: bytes.length });
    cuts.add(hit, () => readDamaged(bytes.subarray(0, length), whole, { last }));
  }
  cuts.show("lengths cut");
  return flips.wrong + cuts.wrong === 0 ? 0 : 1;
}

Deno.exit(await main());
