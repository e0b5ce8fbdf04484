/** What the golden bytes in `proto/testdata/v1` mean: records that use every form that a column can take. */
import type { BundleItem } from "../bundle.ts";
import { parseRelayName, parseStream, parseVehicleId } from "../ids.ts";
import { encodeShape, type FieldType, type FrameRecord, makeShape, type Value } from "../shape.ts";

/** One column: what row `i` holds. */
type Column = readonly [type: FieldType, valueOf: (i: number) => Value];

/** A column per form of `number_forms.ts`, `texts.ts` and `column_forms.ts`, in that order. */
const columns: readonly Column[] = [
  ["f64", (i) => i * i * 3],
  ["f64", (i) => 1710773358714000 + i * 4000 + (i % 3) * 1000],
  ["f64", (i) => Math.fround(i / 3)],
  ["f64", (i) => Number(Math.fround((i - 20) / 7).toPrecision(9))],
  ["f64", (i) => (525200066 + i) / 1e7],
  ["f64", (i) => (i + 1) / 3],
  ["f64", () => 32767],
  ["f64", (i) => [-0, null, undefined, 1.5][i % 4]],
  ["i64", (i) => 9007199254740993n * BigInt(i % 2 === 0 ? 1 : -1)],
  ["bool", (i) => i % 3 === 0],
  ["str", (i) => ["armed", "disarmed", "𝄞 \ufeff"][i % 3]],
  ["str", (i) => `row ${i}`],
  ["json", () => '{"a":[1,{}]}'],
  ["f64s", (i) => Float64Array.of(i / 2, NaN, -i)],
  ["f64s", (i) => new Float64Array(i % 3).fill(i)],
  ["null", () => null],
  ["f64", () => undefined],
  ["f64", () => null],
  ["bool", () => true],
];

const wide = makeShape(parseStream("wide"), columns.map(([type], place) => ({ name: `f${place}`, type })));
const narrow = makeShape(parseStream("narrow"), [{ name: "a", type: "f64s" }, { name: "b", type: "str" }]);
const empty = makeShape(parseStream("ss_empty"), []);

/** The shapes of {@link goldenRecords}. */
export const goldenShapes = [wide, narrow, empty];

/** Sequence numbers from 1000; times in microseconds, for the narrow shape too far apart for offsets. */
export const goldenRecords: FrameRecord[] = Array.from({ length: 60 }, (_, i): FrameRecord => {
  const seq = 1000 + i;
  const ts = 1718000000000000000n + BigInt(i * 4_000_000 + (i % 5) * 1000);
  if (i % 10 === 1) return { seq, ts: i < 30 ? -(2n ** 63n) : ts, shape: narrow, values: [Float64Array.of(i), "x"] };
  if (i % 10 === 2) return { seq, ts, shape: empty, values: [] };
  return { seq, ts, shape: wide, values: columns.map(([, valueOf]) => valueOf(i)) };
});

/** A shape and two items of a batch, whose bytes a bundle does not look into. */
export const goldenBundle: BundleItem[] = [
  { kind: "shape", definition: encodeShape(narrow) },
  ...[0, 300].map((shard): BundleItem => ({
    kind: "batch",
    header: {
      vehicle: parseVehicleId("drone-001"),
      relay: parseRelayName("relay_1"),
      shard,
      sessionSecret: Uint8Array.from({ length: 16 }, (_, i) => i),
      receivedAtNs: 1718000000123456789n,
    },
    batch: Uint8Array.from({ length: 200 }, (_, i) => i),
  })),
];
