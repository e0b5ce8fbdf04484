/** Bugs in how the agent deals with its link. */
import { decodeBatch, encodeBatch, recordsOf } from "#proto/batch.ts";
import { encodeFrame, frameKinds, type LinkFrame } from "#proto/frame.ts";
import { decodeMessage, encodeMessage, type MessageOf } from "#proto/link_message.ts";
import { decodeShape, type FrameRecord, type Shape } from "#proto/shape.ts";
import type { Plant, PlantParts } from "../plant.ts";
import { type FrameTap, tapped } from "./frame_tap.ts";

const freedByReceived: Plant = {
  name: "ring freed by received",
  what: "what lies in the log counts as if it had its verdict",
  needs: { faults: ["ingest outage", "burst"] },
  dialer: (dialer) =>
    tapped(dialer, () => ({
      received: (frame) => {
        if (frame.kind !== frameKinds.received) return undefined;
        const { batches } = decodeMessage("received", frame.payload);
        const committed = batches.map(rangesOf);
        return [encodeMessage("received", { batches }), encodeMessage("verdicts", { committed })];
      },
    })),
};

const secondOffset: Plant = {
  name: "a second clock offset in one epoch",
  what: "a batch bears the offset of the moment instead of the one that its epoch has fixed",
  needs: { faults: ["link cut"] },
  dialer: (dialer, parts) =>
    tapped(dialer, () =>
      rewriting(parts, {
        offset: ({ lane }) => lane === "backfill" ? 1_000_000n : 0n,
      })),
};

const gapRecordLost: Plant = {
  name: "a lost gap record",
  what: "gap records are sent without the range that they are about",
  needs: { faults: ["burst", "UDP blocked", "ingest outage"], isBusy: true, isSmall: true },
  dialer: (dialer, parts) => tapped(dialer, () => rewriting(parts, { record: withoutRange })),
};

const resendWhileDown: Plant = {
  name: "resending everything while ingest is down",
  what: "what is in the log is sent again when its verdict takes long",
  needs: { faults: ["ingest outage", "store outage"] },
  dialer: (dialer, { life }) =>
    tapped(dialer, () => {
      const received = new Map<string, { batch: ReceivedBatch; atMs: number }>();
      return {
        received: (frame) => {
          if (frame.kind === frameKinds.received) {
            for (const batch of decodeMessage("received", frame.payload).batches) {
              received.set(`${batch.epoch} ${batch.class} ${batch.first}`, { batch, atMs: life.uptimeMs() });
            }
          }
          if (frame.kind === frameKinds.verdicts) received.clear();
          if (frame.kind !== frameKinds.pong) return undefined;
          const late = [...received].filter(([, { atMs }]) => life.uptimeMs() - atMs > 20_000);
          for (const [name] of late) received.delete(name);
          const pong = encodeMessage("pong", decodeMessage("pong", frame.payload));
          return late.length === 0
            ? undefined
            : [pong, encodeMessage("lost", { ranges: late.map(([, { batch }]) => rangesOf(batch)) })];
        },
      };
    }),
};

const lostIgnored: Plant = {
  name: "a batch lost before the log that nobody resends",
  what: "the relay gives a batch up, and the vehicle does not hear of it",
  needs: { faults: ["lossy backbone", "leaf cut", "hub stall"] },
  backbone: (backbone, { random }) => {
    const gone = new Set<number>();
    const publish = (message: Parameters<typeof backbone.log.publish>[0]) => {
      if (random.fraction() < 0.02) gone.add(message.number);
      return gone.has(message.number) || backbone.log.publish(message);
    };
    return { ...backbone, log: { publish } };
  },
  dialer: (dialer) => tapped(dialer, () => ({ received: (frame) => frame.kind === frameKinds.lost ? [] : undefined })),
};

const passedNeverTold: Plant = {
  name: "lost verdicts are never missed",
  what: "a verdict that got lost on its way is not found out by the places that the owner has passed",
  needs: { faults: ["lossy backbone"] },
  dialer: (dialer, { random }) =>
    tapped(dialer, () => ({
      received: (frame) => {
        if (frame.kind === frameKinds.held) {
          return [encodeMessage("held", { ...decodeMessage("held", frame.payload), passed: undefined })];
        }
        if (frame.kind !== frameKinds.verdicts) return undefined;
        if (random.fraction() < 0.02) return [];
        return [encodeMessage("verdicts", { ...decodeMessage("verdicts", frame.payload), passed: undefined })];
      },
    })),
};

/** See the head of this file. */
export const linkPlants: readonly Plant[] = [
  ...[freedByReceived, secondOffset, gapRecordLost, resendWhileDown, lostIgnored, passedNeverTold],
];

type ReceivedBatch = MessageOf<"received">["batches"][number];

function rangesOf({ epoch, class: number, first, last }: ReceivedBatch) {
  return { epoch, class: number, ranges: [{ first, last }] };
}

function withoutRange(record: FrameRecord): FrameRecord {
  if (record.shape.stream !== "ss_gap") return record;
  return { ...record, values: record.values.map((value, at) => at === 2 ? Number(record.values[3]) + 1 : value) };
}

interface Rewriting {
  readonly offset?: (frame: LinkFrame) => bigint;
  readonly record?: (record: FrameRecord) => FrameRecord;
}

/** Packs batches anew, with other records or another offset. */
function rewriting({ hub }: PlantParts, { offset, record }: Rewriting): FrameTap {
  const shapes = new Map<string, Shape>();
  const lookup = (hash: string) => {
    const definition = hub.shapes.get(hash);
    return shapes.get(hash) ?? (definition && decodeShape(definition));
  };
  return {
    sent: (frame) => {
      if (frame.kind === frameKinds.shapeUse) {
        const { definition } = decodeMessage("shapeUse", frame.payload);
        const shape = definition.byteLength > 0 ? decodeShape(definition.slice()) : undefined;
        if (shape !== undefined) shapes.set(shape.hash, shape);
      }
      if (frame.kind !== frameKinds.batch) return undefined;
      const batch = decodeBatch(frame.payload.slice(), lookup);
      const records = recordsOf(batch).map((one) => record?.(one) ?? one);
      const clockOffsetNs = batch.header.clockOffsetNs + (offset?.(frame) ?? 0n);
      const payload = encodeBatch(records, { ...batch.header, clockOffsetNs });
      return [encodeFrame(frameKinds.batch, { lane: frame.lane, payload, mustUnderstand: true })];
    },
  };
}
