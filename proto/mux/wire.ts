/**
 * What travels on a transport that carries all lanes in one stream: link frames of three kinds, of at most 16 KiB.
 * Source: protocol.md section 2.
 *
 *     piece   lane: whose bytes these are       payload: the next bytes of that lane, at least one
 *     flow    u64 bytes of pieces that arrived in all | u64 x 4 bytes that may come on each lane in all
 *     close   u32 code | reason, UTF-8          nothing follows
 */
import type { Lane } from "../class.ts";
import { lanes } from "../class.ts";
import { Fault } from "../errors.ts";
import { encodeFrame, frameKinds } from "../frame.ts";
import { closeReasonBytesMax } from "../limits.ts";

/** What a receiver says: totals since the beginning, so that a later word holds whatever became of an earlier one. */
export interface Flow {
  /** Bytes of pieces that have arrived. */
  readonly arrived: number;
  /** Bytes that may come on each lane. */
  readonly limits: Readonly<Record<Lane, number>>;
}

/** How a peer ended the link. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

const flowBytes = 8 * (1 + lanes.length);

/** Encodes a whole frame. */
export function encodeFlow(flow: Flow): Uint8Array {
  const payload = new Uint8Array(flowBytes);
  const view = new DataView(payload.buffer);
  view.setBigUint64(0, BigInt(flow.arrived), true);
  lanes.forEach((lane, i) => view.setBigUint64(8 * (1 + i), BigInt(flow.limits[lane]), true));
  return encodeFrame(frameKinds.flow, { lane: "control", payload, mustUnderstand: true });
}

/** Decodes a payload; throws `bad_message`. */
export function decodeFlow(payload: Uint8Array): Flow {
  if (payload.byteLength < flowBytes) throw badMessage("Flow", payload, `at least ${flowBytes}`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const total = (i: number) => Number(view.getBigUint64(8 * i, true));
  const limits = Object.fromEntries(lanes.map((lane, i) => [lane, total(1 + i)]));
  return { arrived: total(0), limits: limits as Record<Lane, number> };
}

/** Encodes a whole frame; a long reason is cut. */
export function encodeClose({ code, reason }: Close): Uint8Array {
  const words = new TextEncoder().encode(reason).subarray(0, closeReasonBytesMax);
  const payload = new Uint8Array(4 + words.byteLength);
  new DataView(payload.buffer).setUint32(0, code, true);
  payload.set(words, 4);
  return encodeFrame(frameKinds.close, { lane: "control", payload, mustUnderstand: true });
}

/** Decodes a payload; throws `bad_message`. */
export function decodeClose(payload: Uint8Array): Close {
  if (payload.byteLength < 4) throw badMessage("Close", payload, "at least 4");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const words = payload.subarray(4, 4 + closeReasonBytesMax);
  return { code: view.getUint32(0, true), reason: new TextDecoder().decode(words) };
}

function badMessage(name: string, { byteLength }: Uint8Array, wanted: string): Fault {
  return new Fault("bad_message", `Cannot take ${name} of ${byteLength} bytes: wanted ${wanted}`);
}
