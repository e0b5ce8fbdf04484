/**
 * One vehicle's session after login, without the world: checks what the vehicle sends, and gathers the words that go
 * back to it, so that many become one frame.
 */
import { type BatchHeader, batchHeaderBytes, readBatchHeader } from "#proto/batch.ts";
import { lanes, type TelemetryLane } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import type { Epoch, VehicleId } from "#proto/ids.ts";
import { decodeMessage, encodeMessage, type MessageInit } from "#proto/link_message.ts";
import { batchBytesMax, readReportIntervalMs } from "#proto/limits.ts";
import { decodeShape, type ShapeHash } from "#proto/shape.ts";
import { partitionOf } from "#proto/subjects.ts";
import { shapeUsesMax } from "./limits.ts";
import type { Registered } from "./registry.ts";
import type { CertificateName } from "./revocation.ts";
import type { DefinedShape } from "./shape_shelf.ts";

/** What a batch is named by in every word about it. */
export interface SeqRun {
  readonly epoch: Epoch;
  readonly class: number;
  readonly first: number;
  readonly last: number;
}

/** What the login proved. */
export interface SessionFacts extends Registered {
  /** 16 random bytes, which only those who read the log learn. */
  readonly secret: Uint8Array;
  /** Made of them, for everybody. */
  readonly id: Uint8Array;
  /** Milliseconds since 1970 at which the certificate ends, and the session with it. */
  readonly notAfterMs: number;
  readonly certificate: CertificateName;
  /** Wall-clock nanoseconds of the relay when it challenged the vehicle. */
  readonly challengedAtNs: bigint;
  readonly agentVersion: string;
  readonly peer: string;
}

/** Places in the log that the owner of the vehicle's partition has passed. */
export interface PassedPlaces {
  readonly live: bigint;
  readonly backfill: bigint;
}

type ReceivedBatch = NonNullable<MessageInit<"received">["batches"]>[number];
type ClassRangesInit = NonNullable<MessageInit<"lost">["ranges"]>[number];

/** The pure part of a session. Times are uptime in ms unless they say otherwise. */
export class Session implements SessionFacts {
  readonly vehicle: VehicleId;
  readonly boot: string;
  readonly linkCounter: bigint;
  readonly epoch: Epoch;
  readonly ancestors: readonly Epoch[];
  readonly challengedAtNs: bigint;
  readonly secret: Uint8Array;
  readonly id: Uint8Array;
  readonly notAfterMs: number;
  readonly certificate: CertificateName;
  readonly agentVersion: string;
  readonly peer: string;
  readonly partition: number;

  /** Records in all batches that came. */
  records = 0;
  /** Wall-clock nanoseconds of the last batch; 0 before it. */
  lastBatchAtNs = 0n;

  // Shapes whose definition this session need not send; those used stay, so that the other lane may use them too.
  readonly #definitions = new Map<ShapeHash, Uint8Array>();
  readonly #shapeUses = { live: 0, backfill: 0 };
  readonly #readBytes = { live: 0, backfill: 0 };
  #reportedBytes = 0;
  #reportedAtMs = -Infinity;
  #received: ReceivedBatch[] = [];
  #lost: ClassRangesInit[] = [];
  #passedTold: PassedPlaces = { live: 0n, backfill: 0n };

  constructor(facts: SessionFacts) {
    this.vehicle = facts.vehicle;
    this.boot = facts.boot;
    this.linkCounter = facts.linkCounter;
    this.epoch = facts.epoch;
    this.ancestors = facts.ancestors;
    this.challengedAtNs = facts.challengedAtNs;
    this.secret = facts.secret;
    this.id = facts.id;
    this.notAfterMs = facts.notAfterMs;
    this.certificate = facts.certificate;
    this.agentVersion = facts.agentVersion;
    this.peer = facts.peer;
    this.partition = partitionOf(facts.vehicle);
  }

  /** Checks a batch by its header alone; throws `bad_batch`. */
  handleBatch(payload: Uint8Array, wallNs: bigint): BatchHeader {
    const bytesMax = batchBytesMax + batchHeaderBytes;
    if (payload.byteLength > bytesMax) {
      throw new Fault("bad_batch", `Cannot take batch of ${payload.byteLength} bytes: at most ${bytesMax} are allowed`);
    }
    const header = readBatchHeader(payload);
    this.records += header.count;
    this.lastBatchAtNs = wallNs;
    return header;
  }

  /** Checks a shape that a lane is about to use. Throws `bad_shape`, `unknown_shape`, `busy`, `bad_message`. */
  handleShapeUse(lane: TelemetryLane, payload: Uint8Array): DefinedShape {
    const use = decodeMessage("shapeUse", payload);
    this.#shapeUses[lane] += 1;
    if (this.#shapeUses[lane] > shapeUsesMax) {
      throw new Fault(
        "busy",
        `Cannot take shape use ${this.#shapeUses[lane]} of this session on "${lane}": the most is ${shapeUsesMax}`,
      );
    }
    const hash = hexOf(use.hash);
    const known = this.#definitions.get(hash);
    if (known !== undefined) return { hash, definition: known };
    if (use.definition.byteLength === 0) {
      throw new Fault(
        "unknown_shape",
        `Cannot use shape "${hash.slice(0, 64)}": its definition was neither sent nor listed as known`,
      );
    }
    checkDefinition(hash, use.definition);
    this.#definitions.set(hash, use.definition);
    return { hash, definition: use.definition };
  }

  /** Remembers definitions that the vehicle is told it need not send. */
  keepKnown(found: ReadonlyMap<ShapeHash, Uint8Array>): void {
    for (const [hash, definition] of found) this.#definitions.set(hash, definition);
  }

  /** Counts bytes read on a lane. */
  handleRead(lane: TelemetryLane, count: number): void {
    this.#readBytes[lane] += count;
  }

  /** A batch is in the log. */
  addReceived(run: SeqRun, at: { lane: TelemetryLane; place: number }): void {
    this.#received.push({
      epoch: run.epoch,
      class: run.class,
      first: BigInt(run.first),
      last: BigInt(run.last),
      lane: lanes.indexOf(at.lane),
      place: BigInt(at.place),
    });
  }

  /** A batch could not be put into the log. */
  addLost(run: SeqRun): void {
    const ranges = [{ first: BigInt(run.first), last: BigInt(run.last) }];
    this.#lost.push({ epoch: run.epoch, class: run.class, ranges });
  }

  /** Frames to write now: what was received, what was lost, and a ReadReport when one is due. */
  pollWords(nowMs: number): Uint8Array[] {
    const words = [...receivedFrames(this.#received.splice(0)), ...lostFrames(this.#lost.splice(0))];
    const report = this.#pollReadReport(nowMs);
    return report === undefined ? words : [...words, report];
  }

  /** Whether a ReadReport is to follow that was not due at the last poll. */
  get hasUnreported(): boolean {
    return this.#readBytes.live + this.#readBytes.backfill !== this.#reportedBytes;
  }

  /** Whether the vehicle has not been told these places; afterwards it counts as told. */
  takePassed(passed: PassedPlaces): boolean {
    const told = this.#passedTold;
    this.#passedTold = passed;
    return told.live !== passed.live || told.backfill !== passed.backfill;
  }

  #pollReadReport(nowMs: number): Uint8Array | undefined {
    const { live, backfill } = this.#readBytes;
    if (!this.hasUnreported || nowMs - this.#reportedAtMs < readReportIntervalMs) return undefined;
    this.#reportedBytes = live + backfill;
    this.#reportedAtMs = nowMs;
    return encodeMessage("readReport", { liveBytes: BigInt(live), backfillBytes: BigInt(backfill) });
  }
}

/** Batches in one `received`: 40 bytes each, so far below a link frame. */
const receivedPerFrameMax = 2048;

function receivedFrames(batches: readonly ReceivedBatch[]): Uint8Array[] {
  return chunks(batches, receivedPerFrameMax).map((chunk) => encodeMessage("received", { batches: chunk }));
}

function lostFrames(ranges: readonly ClassRangesInit[]): Uint8Array[] {
  return chunks(ranges, receivedPerFrameMax).map((chunk) => encodeMessage("lost", { ranges: chunk }));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function checkDefinition(hash: ShapeHash, definition: Uint8Array): void {
  const shape = decodeShape(definition);
  if (shape.hash !== hash) {
    throw new Fault(
      "bad_shape",
      `Cannot take definition of shape "${hash.slice(0, 64)}": its content has hash "${shape.hash}"`,
    );
  }
}

/** Bytes as lower-case hex digits. */
export function hexOf(bytes: Uint8Array): string {
  return bytes.toHex();
}
