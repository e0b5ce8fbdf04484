/**
 * The message of the telemetry log, `tel.v1.<lane>.<partition>`: shapes and batches of many vehicles. Source: protocol.md
 * section 4.5. Version 1, little endian; texts are a varint length and ASCII:
 *
 *     u8 version (1) | items, one behind the other to the end:
 *     u8 kind 0, batch: text vehicle | text relay | varint shard | session's secret (16) | i64 received at | varint length, batch
 *     u8 kind 1, shape: varint length, definition
 */
import { ok } from "node:assert/strict";
import { ByteReader, ByteWriter, varintBytes } from "./bytes.ts";
import { Fault } from "./errors.ts";
import { parseRelayName, parseVehicleId, type RelayName, type VehicleId } from "./ids.ts";
import { bundleBytesMax, shardsMax } from "./limits.ts";
import { sessionIdBytes } from "./session_id.ts";

/** What the relay knows of a batch from the login, not from the payload. */
export interface RelayHeader {
  readonly vehicle: VehicleId;
  readonly relay: RelayName;
  /** 0 to `shardsMax` - 1. */
  readonly shard: number;
  /** 16 bytes that the session's id is made of: see session_id.ts. */
  readonly sessionSecret: Uint8Array;
  /** Nanoseconds since 1970 at the relay. */
  readonly receivedAtNs: bigint;
}

/** One item: a whole batch (header and body) under its relay header, or a shape's canonical definition. */
export type BundleItem =
  | { readonly kind: "batch"; readonly header: RelayHeader; readonly batch: Uint8Array }
  | { readonly kind: "shape"; readonly definition: Uint8Array };

/** Bytes of a bundle besides its items. */
export const bundleHeaderBytes = 1;

const version = 1;
const kinds = { batch: 0, shape: 1 } as const;

/** Bytes that an item adds to a bundle. */
export function bundleItemBytes(item: BundleItem): number {
  if (item.kind === "shape") return 1 + varintBytes(item.definition.length) + item.definition.length;
  const { vehicle, relay, shard } = item.header;
  // Names are ASCII, and shorter than 128.
  const header = 1 + vehicle.length + 1 + relay.length + varintBytes(shard) + sessionIdBytes + 8;
  return 1 + header + varintBytes(item.batch.length) + item.batch.length;
}

/** Encodes a bundle. The caller keeps it within `bundleBytesMax` by {@link bundleItemBytes}. */
export function encodeBundle(items: readonly BundleItem[]): Uint8Array {
  const bytes = items.reduce((sum, item) => sum + bundleItemBytes(item), bundleHeaderBytes);
  ok(bytes <= bundleBytesMax, `bundle of ${bytes} bytes fits into ${bundleBytesMax}`);
  const out = new ByteWriter(bytes + 8);
  out.u8(version);
  for (const item of items) writeItem(out, item);
  return out.bytes.subarray(0, out.length);
}

/** Reads a bundle; batches and definitions are views of it, not looked into. Throws `bad_batch`. Any bytes are safe. */
export function readBundle(bytes: Uint8Array): BundleItem[] {
  const reader = new ByteReader(bytes, { code: "bad_batch", subject: "bundle" });
  if (bytes.length > bundleBytesMax) throw reader.fault(`at most ${bundleBytesMax} bytes can be`);
  const found = reader.u8();
  if (found !== version) throw reader.fault(`version ${found}, wanted ${version}`);
  const items: BundleItem[] = [];
  while (reader.remaining > 0) items.push(readItem(reader));
  return items;
}

function writeItem(out: ByteWriter, item: BundleItem): void {
  out.u8(kinds[item.kind]);
  if (item.kind === "batch") writeRelayHeader(out, item.header);
  const content = item.kind === "batch" ? item.batch : item.definition;
  out.varint(content.length);
  out.raw(content);
}

function writeRelayHeader(out: ByteWriter, header: RelayHeader): void {
  ok(
    header.sessionSecret.length === sessionIdBytes,
    `session secret of ${header.sessionSecret.length} bytes has ${sessionIdBytes}`,
  );
  ok(header.shard < shardsMax, `shard ${header.shard} is below ${shardsMax}`);
  out.text(header.vehicle);
  out.text(header.relay);
  out.varint(header.shard);
  out.raw(header.sessionSecret);
  out.i64(header.receivedAtNs);
}

function readItem(reader: ByteReader): BundleItem {
  const kind = reader.u8();
  if (kind === kinds.shape) return { kind: "shape", definition: reader.take(reader.varint()) };
  if (kind !== kinds.batch) throw reader.fault(`item of unknown kind ${kind}`);
  const header = readRelayHeader(reader);
  return { kind: "batch", header, batch: reader.take(reader.varint()) };
}

function readRelayHeader(reader: ByteReader): RelayHeader {
  return {
    vehicle: readName(reader, parseVehicleId),
    relay: readName(reader, parseRelayName),
    shard: reader.count(shardsMax - 1, "as shard"),
    sessionSecret: reader.take(sessionIdBytes),
    receivedAtNs: reader.i64(),
  };
}

function readName<T>(reader: ByteReader, parse: (text: string) => T): T {
  const text = reader.text();
  try {
    return parse(text);
  } catch (cause) {
    if (cause instanceof Fault) throw reader.fault(cause.message);
    throw cause;
  }
}
