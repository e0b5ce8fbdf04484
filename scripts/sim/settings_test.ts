import { deepEqual, equal } from "node:assert/strict";
import { seededRandom } from "#proto/testing/random.ts";
import { lasting, oneOf } from "./draw.ts";
import { faults } from "./faults.ts";
import { replayLine } from "./options.ts";
import { countsText, failureText, speedText } from "./report.ts";
import { settingsOf } from "./settings.ts";
import { Story } from "./story.ts";
import { Tally } from "./tally.ts";

const faultNames = faults.map(({ name }) => name);

Deno.test("a seed always makes the same world, and all seeds together every kind", () => {
  const settings = (seed: number) => settingsOf({ seed, hours: 1, vehicles: 2, faultNames });
  deepEqual(settings(5), settings(5));
  const worlds = Array.from({ length: 100 }, (_, seed) => settings(seed + 1));
  equal(new Set(worlds.map(({ store }) => store)).size, 2);
  equal(new Set(worlds.flatMap(({ faults }) => faults)).size, faultNames.length);
  // A ring has at least 16 segments; a lazy store has a log that holds what it may forget.
  equal(worlds.every(({ ring }) => ring.bytesMax >= 16 * ring.segmentBytes), true);
  equal(worlds.every(({ store, logBytesMax }) => store === "durable" || logBytesMax > 1_000_000), true);
});

Deno.test("a planted bug gets the world that it needs", () => {
  const plant = { name: "a", what: "", needs: { vehicles: 3, faults: ["burst"], store: "lazy" as const } };
  for (let seed = 1; seed < 20; seed++) {
    const { vehicles, faults, store } = settingsOf({ seed, hours: 1, vehicles: 1, faultNames, plant });
    deepEqual([vehicles.length, faults.includes("burst"), store], [3, true, "lazy"]);
  }
});

Deno.test("draws stay within their bounds", () => {
  const random = seededRandom(1);
  for (let count = 0; count < 100; count++) {
    const ms = lasting(random, { min: 10, max: 1_000 });
    equal(ms >= 10 && ms <= 1_000, true);
    equal(["a", "b"].includes(oneOf(random, ["a", "b"])), true);
  }
});

Deno.test("a failure tells how to see it again, and what happened last", () => {
  const story = new Story(() => 1_500);
  for (let line = 0; line < 100; line++) story.tell(`line ${line}`);
  const tally = new Tally();
  tally.add("fault: burst", 2);
  const options = { seed: 4, hours: 0.5, vehicles: 2 };
  const report = { ...options, tally, story: story.lines, virtualMs: 0, drainMs: 0, fingerprint: "" };
  const violation = { invariant: "order", text: "it is not kept", atMs: 2_500 };
  const text = failureText({ ...report, violation }, options).split("\n");
  deepEqual(text.slice(-3), [
    "         1.500 s  line 99",
    "seed 4 FAILED at 2.5 s: order: it is not kept",
    `  again: deno task sim ${replayLine(options)}`,
  ]);
  const joined = new Tally();
  joined.join(tally);
  const counts = countsText(joined);
  equal(counts.startsWith("         2  fault: burst\nnever drawn: agent crash"), true);
  equal(
    speedText({ seeds: 30, virtualMs: 54_000_000, cpuSeconds: 60, seconds: 120 }),
    "30 seeds, 15.0 virtual hours in 120.0 s (60.0 s of processor): 15.0 seeds a minute, 30.0 a processor minute",
  );
});
