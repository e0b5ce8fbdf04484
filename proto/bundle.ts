/** The message of the telemetry log, `tel.v1.<lane>.<partition>`: shapes and batches of many vehicles. Source: protocol.md section 4.5. */
import type { RelayName, VehicleId } from "./ids.ts";

/** What the relay knows of a batch from the login, not from the payload. */
export interface RelayHeader {
  readonly vehicle: VehicleId;
  readonly relay: RelayName;
  readonly shard: number;
  /** 16 bytes of the session's Welcome. */
  readonly session: Uint8Array;
  /** Nanoseconds since 1970 at the relay. */
  readonly receivedAtNs: bigint;
}

/** One item: a whole batch (header and body) under its relay header, or a shape's canonical definition. */
export type BundleItem =
  | { readonly kind: "batch"; readonly header: RelayHeader; readonly batch: Uint8Array }
  | { readonly kind: "shape"; readonly definition: Uint8Array };

/** Bytes that an item adds to a bundle. */
export function bundleItemBytes(_item: BundleItem): number {
  throw new Error("to be written");
}

/** Encodes a bundle. The caller keeps it below `bundleBytesMax` by {@link bundleItemBytes}; the bundle itself adds 4. */
export function encodeBundle(_items: readonly BundleItem[]): Uint8Array {
  throw new Error("to be written");
}

/** Reads a bundle; batches and definitions are views of it, not looked into. Throws `bad_batch`. Any bytes are safe. */
export function readBundle(_bytes: Uint8Array): BundleItem[] {
  throw new Error("to be written");
}
