/** Arbitrary records for property tests: every type, nulls, missing values, odd numbers, odd texts. */
import fc from "fast-check";
import { parseStream } from "../ids.ts";
import {
  type Field,
  type FieldType,
  fieldTypes,
  type FrameRecord,
  makeShape,
  type Shape,
  type Value,
} from "../shape.ts";

/** Doubles as telemetry has them (whole, float32, printed, few decimals) and as it does not. */
const someDouble: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.float({ noNaN: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => Number(value.toPrecision(9))),
  fc.integer({ min: -1e9, max: 1e9 }).map((value) => value / 1e4),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 2 ** 53 - 1, 2 ** 52, 1e300, 2 ** -149),
);

/** A column's doubles are of one kind more often than not, or the choice of form would never be tried. */
const doubleKinds: readonly fc.Arbitrary<number>[] = [
  someDouble,
  fc.integer({ min: -1000, max: 1000 }),
  fc.integer({ min: 0, max: 1000 }).map((value) => 1710773358714000 + value * 1000),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, min: -100, max: 100 }).map((value) => Number(value.toPrecision(9))),
  fc.integer({ min: -1e6, max: 1e6 }).map((value) => value / 100),
  fc.constant(32767),
];

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "armed", "\ufeffmark", "\u0000", "𝄞"),
);

const valueOf: Record<FieldType, readonly fc.Arbitrary<Value>[]> = {
  null: [fc.constant(null)],
  bool: [fc.boolean()],
  f64: doubleKinds,
  i64: [fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  str: [text],
  json: [fc.json()],
  f64s: [
    fc.array(fc.oneof(someDouble, fc.constant(NaN)), { maxLength: 8 }).map((list) => Float64Array.from(list)),
    ...doubleKinds.map((kind) => fc.array(kind, { minLength: 3, maxLength: 3 }).map((list) => Float64Array.from(list))),
  ],
};

/** How often a field's rows carry no value: never, sometimes as nulls, sometimes at all. */
function cellOf(value: fc.Arbitrary<Value>): fc.Arbitrary<fc.Arbitrary<Value>> {
  return fc.constantFrom(
    value,
    fc.oneof(value, fc.constant(null)),
    fc.oneof(value, fc.constant(undefined), fc.constant(null)),
  );
}

interface Stream {
  readonly shape: Shape;
  readonly row: fc.Arbitrary<Value[]>;
}

function streamOf(number: number): fc.Arbitrary<Stream> {
  const typed = fc.constantFrom(...fieldTypes).chain((type) =>
    fc.constantFrom(...valueOf[type]).chain(cellOf).map((cell) => ({ type, cell }))
  );
  return fc.array(typed, { maxLength: 6 }).map((columns) => {
    const fields = columns.map(({ type }, place): Field => ({ name: `f${place}`, type }));
    return { shape: makeShape(parseStream(`s${number}`), fields), row: fc.tuple(...columns.map(({ cell }) => cell)) };
  });
}

const someTime = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 9n }).map((offset) => 1718000000000000000n + offset * 1000n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** A contiguous run of records of up to three shapes; values missing at the end are left away. */
export const someRecords: fc.Arbitrary<FrameRecord[]> = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 40 }), streamOf(0), streamOf(1), streamOf(2))
  .chain(([first, ...streams]) => {
    const record = fc.constantFrom(...streams).chain(({ shape, row }) =>
      fc.record({ shape: fc.constant(shape), ts: someTime, values: row.map(trimmed) })
    );
    return fc.array(record, { minLength: 1, maxLength: 40 })
      .map((rows) => rows.map((row, place): FrameRecord => ({ seq: first + place, ...row })));
  });

function trimmed(values: Value[]): Value[] {
  return values.slice(0, values.findLastIndex((value) => value !== undefined) + 1);
}

/** Finds the shapes of some records. */
export function shapesOf(records: readonly FrameRecord[]): Map<string, Shape> {
  return new Map(records.map(({ shape }) => [shape.hash, shape]));
}
