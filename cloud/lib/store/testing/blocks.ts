/** Builds rows for the store's tests out of plain frames, as a decoded batch would hold them. */
import type { Block, Column } from "#proto/batch.ts";
import type { Class } from "#proto/class.ts";
import { type FlatField, flatten } from "#proto/flatten.ts";
import { type Epoch, parseEpoch, parseStream, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import { type Field, makeShape } from "#proto/shape.ts";
import type { RowBlock } from "../rows.ts";

/** A frame's data. */
export type TestData = Record<string, JsonValue>;

/** A frame for a test; `fields` instead of `data` where flattening would not make them. */
export interface TestFrame {
  readonly seq: number;
  readonly ts: bigint;
  readonly data?: TestData;
  readonly fields?: readonly FlatField[];
}

/** Whose frames they are. */
export interface TestOwner {
  readonly vehicle?: VehicleId;
  readonly epoch?: Epoch;
  readonly class?: Class;
  readonly clockOffsetNs?: bigint;
}

/** 2024-06-10, when the shared flights begin. */
export const startNs = 1_718_000_000_000_000_000n;
export const vehicle = parseVehicleId("drone-001");
export const epoch = parseEpoch("8070450532247928832");

/** One block of frames of one stream, seqs rising. */
export function blockOf(stream: string, frames: readonly TestFrame[], owner: TestOwner = {}): RowBlock {
  const flat = frames.map(({ data, fields }) => fields ?? flatten(data ?? {}));
  const fields = new Map<string, Field>();
  for (const { name, type } of flat.flat()) fields.set(`${name} ${type}`, { name, type });
  const shape = makeShape(parseStream(stream), Array.from(fields.values()));
  const block: Block = {
    shape,
    seqs: Float64Array.from(frames, ({ seq }) => seq),
    ts: BigInt64Array.from(frames, ({ ts }) => ts),
    columns: shape.fields.map((field) => columnOf(field, flat)),
  };
  return { vehicle, epoch, class: "normal", clockOffsetNs: 0n, ...owner, block };
}

/** Frames of these data, seqs from `first`, a millisecond apart. */
export function framesOf(data: readonly TestData[], first = 1): TestFrame[] {
  return data.map((each, at) => ({ seq: first + at, ts: startNs + BigInt(first + at) * 1_000_000n, data: each }));
}

function columnOf(field: Field, rows: readonly (readonly FlatField[])[]): Column {
  const found = rows.map((row) => row.find(({ name, type }) => name === field.name && type === field.type));
  const presence = Uint8Array.from(found, (each) => each === undefined ? 0 : each.value === null ? 1 : 2);
  return { field, presence, values: presence.includes(2) ? valuesOf(field, found) : undefined };
}

function valuesOf({ type }: Field, found: readonly (FlatField | undefined)[]): Column["values"] {
  const all = found.map((each) => each?.value ?? null);
  switch (type) {
    case "bool":
      return Uint8Array.from(all, (value) => value === true ? 1 : 0);
    case "f64":
      return Float64Array.from(all, (value) => value as number | null ?? NaN);
    case "i64":
      return BigInt64Array.from(all, (value) => value as bigint | null ?? 0n);
    case "f64s":
      return all.map((value) => value as Float64Array | null ?? new Float64Array(0));
    case "str":
    case "json":
      return all.map((value) => value as string | null ?? "");
    case "null":
      return undefined;
  }
}
