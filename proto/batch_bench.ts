/**
 * Cost and size of the batch codec on recorded flights, beside protobufjs and protobuf-es carrying the same frames as
 * generic messages. All take turns in every round, and what comes back is compared with what went in.
 *
 *     deno run -A proto/batch_bench.ts FLIGHT.ndjson.gz... [--frames N] [--rounds N]
 *
 * `--frames`: per batch. All begin with the same records and make of them what they encode; what that costs protobufjs is
 * shown by a row of it with messages made beforehand. Peers end with messages, not with columns. Figures are CPU time of
 * the process, ratios of the same round; three figures are smallest, median and largest.
 */
import { deepStrictEqual } from "node:assert/strict";
import process from "node:process";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { create, createFileRegistry, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import { createBatchEncoder, decodeBatch, recordsOf } from "./batch.ts";
import { flatten } from "./flatten.ts";
import { parseEpoch, parseStream } from "./ids.ts";
import { type JsonValue, parseJson } from "./json.ts";
import { Shaper } from "./shaper.ts";
import type { FrameRecord, Value } from "./shape.ts";

/** A way to carry the batches, which are told by their number. */
interface Codec {
  readonly name: string;
  encode(batch: number): Uint8Array;
  /** Decodes as a receiver needs it; the result is thrown away. */
  decode(bytes: Uint8Array): unknown;
  /** The frames, to be compared. */
  read(bytes: Uint8Array): Frame[];
}

interface Frame {
  readonly seq: number;
  readonly ts: bigint;
  readonly values: readonly Value[];
}

/** One value in a peer's message; a missing field has no case. */
type PeerValue = { case: string; value: unknown } | { case: undefined };

const epoch = parseEpoch(1n);

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { frames: { type: "string", default: "400" }, rounds: { type: "string", default: "7" } },
  });
  console.log(`deno ${Deno.version.deno}, v8 ${Deno.version.v8}, ${navigator.hardwareConcurrency} cores`);
  for (const path of positionals) benchFlight(path, { perBatch: Number(values.frames), rounds: Number(values.rounds) });
}

function benchFlight(path: string, { perBatch, rounds }: { perBatch: number; rounds: number }): void {
  const records = loadFlight(path);
  const batches: FrameRecord[][] = [];
  for (let at = 0; at < records.length; at += perBatch) batches.push(records.slice(at, at + perBatch));
  const codecs = [
    protobufjsPeer(batches, { isReady: false }),
    protobufjsPeer(batches, { isReady: true }),
    protobufEsPeer(batches),
    ours(batches, { compress: false }),
    ours(batches, { compress: true }),
  ];
  console.log(`\n${path}: ${records.length} frames, ${perBatch} a batch, ${rounds} rounds`);
  for (const codec of codecs) checkExact(codec, batches);
  const rows = codecs.map(({ name }) => ({ name, bytes: 0, encodeUs: [] as number[], decodeUs: [] as number[] }));
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    codecs.forEach((codec, at) => {
      const { encodeUs, decodeUs, bytes } = measure(codec, batches.length);
      rows[at].bytes = bytes / records.length;
      if (round >= 0) rows[at].encodeUs.push(encodeUs / records.length);
      if (round >= 0) rows[at].decodeUs.push(decodeUs / records.length);
    });
  }
  const [peer] = rows;
  for (const row of rows) {
    console.log(
      row.name.padEnd(22),
      `encode ${spread(row.encodeUs, 2)} us, ${spread(ratios(peer.encodeUs, row.encodeUs), 1)} x`,
      `| decode ${spread(row.decodeUs, 2)} us, ${spread(ratios(peer.decodeUs, row.decodeUs), 1)} x`,
      `| ${row.bytes.toFixed(1)} bytes`,
    );
  }
}

function measure(codec: Codec, batches: number): { encodeUs: number; decodeUs: number; bytes: number } {
  const encoded: Uint8Array[] = [];
  const encodeUs = cpuUs(() => {
    for (let batch = 0; batch < batches; batch++) encoded.push(codec.encode(batch));
  });
  const decodeUs = cpuUs(() => encoded.forEach((bytes) => codec.decode(bytes)));
  return { encodeUs, decodeUs, bytes: encoded.reduce((sum, { length }) => sum + length, 0) };
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function checkExact(codec: Codec, batches: FrameRecord[][]): void {
  batches.forEach((records, batch) => {
    const expected = records.map(({ seq, ts, values }): Frame => ({ seq, ts, values }));
    deepStrictEqual(codec.read(codec.encode(batch)), expected, `${codec.name} gives back batch ${batch}`);
  });
}

/** Smallest, median and largest. */
function spread(values: number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const three = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]];
  return three.map((value) => value.toFixed(digits)).join(" / ");
}

function ratios(peer: number[], own: number[]): number[] {
  return peer.map((value, round) => value / own[round]);
}

function loadFlight(path: string): FrameRecord[] {
  const shaper = new Shaper();
  const lines = new TextDecoder().decode(gunzipSync(Deno.readFileSync(path))).trimEnd().split("\n");
  return lines.map((line, at) => {
    const { ts, stream, data } = parseJson(line) as { ts: string; stream: string; data: JsonValue };
    return { seq: at + 1, ts: BigInt(ts), ...shaper.fit(parseStream(stream), flatten(data)) };
  });
}

function ours(batches: FrameRecord[][], { compress }: { compress: boolean }): Codec {
  const encoder = createBatchEncoder();
  const shapes = new Map(batches.flat().map(({ shape }) => [shape.hash, shape]));
  const decode = (bytes: Uint8Array) => decodeBatch(bytes, (hash) => shapes.get(hash));
  return {
    name: compress ? "batch with zstd" : "batch without zstd",
    encode: (batch) => encoder.encode(batches[batch], { epoch, class: 2, clockOffsetNs: 0n, compress }),
    decode,
    read: (bytes) => recordsOf(decode(bytes)).map(({ seq, ts, values }) => ({ seq, ts, values })),
  };
}

const protoText = `
  syntax = "proto3";
  package bench;
  message Numbers { repeated double elements = 1; }
  message Value {
    oneof kind {
      double number = 1; sint64 integer = 2; string text = 3; bool flag = 4; bool empty = 5; Numbers numbers = 6;
    }
  }
  message Frame { uint64 seq = 1; fixed64 ts = 2; uint32 shape = 3; repeated Value values = 4; }
  message Batch { repeated Frame frames = 1; }
`;

/** A record's value as protobuf-es has it; text and JSON text share a kind, as the shape tells them apart. */
function peerValue(value: Value): PeerValue {
  if (value === undefined) return { case: undefined };
  if (value === null) return { case: "empty", value: true };
  if (typeof value === "number") return { case: "number", value };
  if (typeof value === "string") return { case: "text", value };
  if (typeof value === "boolean") return { case: "flag", value };
  return typeof value === "bigint"
    ? { case: "integer", value }
    : { case: "numbers", value: { elements: Array.from(value) } };
}

function fromPeerValue(kind: PeerValue): Value {
  switch (kind.case) {
    case undefined:
      return undefined;
    case "empty":
      return null;
    case "numbers":
      return Float64Array.from((kind.value as { elements: number[] }).elements);
    default:
      return kind.value as Value;
  }
}

function trimmed(values: Value[]): Value[] {
  return values.slice(0, values.findLastIndex((value) => value !== undefined) + 1);
}

interface ProtobufjsBatch {
  frames: {
    seq: { low: number; high: number };
    ts: { low: number; high: number };
    shape: number;
    values: Record<string, unknown>[];
  }[];
}

/** protobufjs has 64-bit integers in two halves. */
function joined({ low, high }: { low: number; high: number }): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function protobufjsPeer(batches: FrameRecord[][], { isReady }: { isReady: boolean }): Codec {
  const type = protobuf.parse(protoText).root.lookupType("bench.Batch");
  const messages = isReady ? batches.map(protobufjsMessage) : [];
  const decode = (bytes: Uint8Array) => type.decode(bytes) as unknown as ProtobufjsBatch;
  return {
    name: isReady ? "protobufjs, ready-made" : "protobufjs",
    encode: (batch) => type.encode(isReady ? messages[batch] : protobufjsMessage(batches[batch])).finish(),
    decode,
    read: (bytes) =>
      decode(bytes).frames.map(({ seq, ts, values }) => ({
        seq: Number(joined(seq)),
        ts: joined(ts),
        values: trimmed(values.map((value) => {
          const [entry] = Object.entries(value);
          return fromPeerValue(entry === undefined ? { case: undefined } : { case: entry[0], value: entry[1] });
        })),
      })),
  };
}

function protobufjsMessage(records: FrameRecord[]): Record<string, unknown> {
  return {
    frames: records.map(({ seq, ts, values }) => ({
      seq,
      ts: { low: Number(BigInt.asIntN(32, ts)), high: Number(ts >> 32n), unsigned: true },
      shape: 7,
      values: values.map(protobufjsValue),
    })),
  };
}

/** Spelled out, as the peer's own style is fastest: one literal per kind. */
function protobufjsValue(value: Value): Record<string, unknown> {
  if (typeof value === "number") return { number: value };
  if (value === undefined) return {};
  if (value === null) return { empty: true };
  if (typeof value === "string") return { text: value };
  if (typeof value === "boolean") return { flag: value };
  return typeof value === "bigint" ? { integer: value } : { numbers: { elements: value } };
}

type EsBatch = Message & { frames: { seq: bigint; ts: bigint; values: { kind: PeerValue }[] }[] };

function protobufEsPeer(batches: FrameRecord[][]): Codec {
  const type = esBatchType();
  const decode = (bytes: Uint8Array) => fromBinary(type, bytes) as EsBatch;
  return {
    name: "protobuf-es",
    encode: (batch) => toBinary(type, esMessage(type, batches[batch])),
    decode,
    read: (bytes) =>
      decode(bytes).frames.map(({ seq, ts, values }) => ({
        seq: Number(seq),
        ts,
        values: trimmed(values.map(({ kind }) => fromPeerValue(kind))),
      })),
  };
}

function esMessage(type: DescMessage, records: FrameRecord[]): Message {
  return create(type, {
    frames: records.map(({ seq, ts, values }) => ({
      seq: BigInt(seq),
      ts,
      shape: 7,
      values: values.map((value) => ({ kind: peerValue(value) })),
    })),
  } as Record<string, unknown>);
}

/** The schema above as protobuf-es takes it: from the descriptor that protobufjs's parser leads to. */
function esBatchType(): DescMessage {
  const root = protobuf.parse(protoText).root;
  const scalars: Record<string, number> = {
    double: 1,
    uint64: 4,
    fixed64: 6,
    bool: 8,
    string: 9,
    uint32: 13,
    sint64: 18,
  };
  const messageType = ["Numbers", "Value", "Frame", "Batch"].map((name) => ({
    name,
    oneofDecl: name === "Value" ? [{ name: "kind" }] : [],
    field: root.lookupType(`bench.${name}`).fieldsArray.map((field) => ({
      name: field.name,
      number: field.id,
      label: field.repeated ? 3 : 1,
      type: scalars[field.type] ?? 11,
      typeName: field.type in scalars ? "" : `.bench.${field.type}`,
      oneofIndex: name === "Value" ? 0 : undefined,
    })),
  }));
  const file = create(FileDescriptorProtoSchema, {
    name: "bench.proto",
    package: "bench",
    syntax: "proto3",
    messageType,
  });
  const type = createFileRegistry(file, () => undefined).getMessage("bench.Batch");
  if (type === undefined) throw new Error("schema of the bench has no Batch");
  return type;
}

if (import.meta.main) main();
