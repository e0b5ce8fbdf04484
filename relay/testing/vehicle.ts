/** A vehicle's end of a link in tests: logs in, sends what it is told to, and keeps what it hears. */
import { encodeBatch } from "#proto/batch.ts";
import { classNumber, type TelemetryLane } from "#proto/class.ts";
import { encodeFrame, FrameDecoder, type FrameKindName, frameKinds } from "#proto/frame.ts";
import { type Epoch, epochOf, parseStream } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { readFrames } from "#proto/lane_reader.ts";
import {
  decodeMessage,
  encodeMessage,
  type MessageInit,
  type MessageKind,
  type MessageOf,
} from "#proto/link_message.ts";
import { linkFrameBytesMax } from "#proto/limits.ts";
import type { Clock, Link, LinkEnd, Random } from "#proto/ports.ts";
import type { Range } from "#proto/ranges.ts";
import { encodeShape, type FrameRecord, makeShape } from "#proto/shape.ts";
import { signerOf } from "#proto/signature.ts";
import type { Leaf } from "#proto/testing/certificates.ts";
import { VehicleLogin, type VehicleLoginOptions, type VehicleLoginStep } from "#proto/vehicle_login.ts";

/** The one shape of a test vehicle's frames. */
export const testShape = makeShape(parseStream("telemetry"), [{ name: "altitude_m", type: "f64" }]);

/** A batch of that shape. */
export function testBatch(epoch: Epoch, { first, last }: Range): Uint8Array {
  const records = Array.from({ length: last - first + 1 }, (_, i): FrameRecord => ({
    seq: first + i,
    ts: 1_780_000_000_000_000_000n + BigInt(i),
    shape: testShape,
    values: [i],
  }));
  return encodeBatch(records, { epoch, class: classNumber("normal"), clockOffsetNs: 0n });
}

/** Who a test vehicle is. */
export interface TestVehicleOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly node: string;
  readonly leaf: Leaf;
  /** Settings of the login that are other than right. */
  readonly login?: Partial<VehicleLoginOptions>;
}

/** One link of a test vehicle. */
export class TestVehicle {
  readonly epoch: Epoch;
  /** Payloads of all frames heard after login, by kind. */
  readonly heard: { kind: number; payload: Uint8Array }[] = [];
  /** Payloads heard on the command lane. */
  readonly orders: Uint8Array[] = [];
  /** How the login ended; undefined while it goes on. */
  outcome: VehicleLoginStep | undefined;
  /** How the link ended; undefined while it lives. */
  end: LinkEnd | undefined;
  /** Settles with {@link end}. */
  readonly ended: Promise<LinkEnd>;
  answersPings = true;
  #isReading = true;
  readonly #link: Link;
  readonly #clock: Clock;

  constructor(link: Link, options: TestVehicleOptions) {
    const { clock, random, node, leaf } = options;
    this.#link = link;
    this.#clock = clock;
    this.epoch = epochOf(random.bytes(8));
    const login = new VehicleLogin({
      node,
      chain: leaf.chain,
      signer: signerOf(leaf.keyPem),
      nonce: random.bytes(32),
      boot: random.bytes(16),
      epoch: this.epoch,
      ancestors: [],
      linkCounter: 1n,
      agentVersion: "test",
      ...options.login,
    }, instantOf(clock));
    this.ended = link.ended.then((end) => this.end = end);
    this.#talk(login);
    void this.#readOrders();
  }

  /** Sends raw bytes on a lane; what a link that has ended does not take is lost. */
  write(lane: "control" | "command" | TelemetryLane, bytes: Uint8Array): void {
    this.#link.write(lane, bytes).catch(() => undefined);
  }

  say<Kind extends MessageKind>(kind: Kind, init: MessageInit<Kind>): void {
    this.write("control", encodeMessage(kind, init));
  }

  useShape(lane: TelemetryLane): void {
    const hash = Uint8Array.fromHex(testShape.hash);
    this.write(lane, encodeMessage("shapeUse", { hash, definition: encodeShape(testShape) }, { lane }));
  }

  sendBatch(lane: TelemetryLane, range: Range): void {
    this.write(lane, encodeFrame(frameKinds.batch, { lane, payload: testBatch(this.epoch, range) }));
  }

  /** All messages of a kind that were heard. */
  messages<Kind extends MessageKind & FrameKindName>(kind: Kind): MessageOf<Kind>[] {
    return this.heard.filter((frame) => frame.kind === frameKinds[kind])
      .map(({ payload }) => decodeMessage(kind, payload));
  }

  close(): void {
    this.#link.close({ code: 0, reason: "" });
  }

  #hear(kind: number, payload: Uint8Array): void {
    this.heard.push({ kind, payload });
    if (kind !== frameKinds.ping || !this.answersPings) return;
    const { id, sentAtNs } = decodeMessage("ping", payload);
    this.say("pong", { id, sentAtNs, answeredAtNs: this.#clock.wallNs() });
  }

  /** From the next frame on nothing more is read. */
  stopReading(): void {
    this.#isReading = false;
  }

  async #talk(login: VehicleLogin): Promise<void> {
    this.write("control", login.start());
    await readFrames(this.#link, "control", {
      decoder: new FrameDecoder(linkFrameBytesMax),
      handleFrame: async (frame) => {
        if (!this.#isReading) await this.#link.ended;
        if (this.outcome !== undefined) {
          return this.#hear(frame.kind, frame.payload.slice());
        }
        const step = login.handleFrame(frame, instantOf(this.#clock));
        if (step.kind === "send") this.write("control", step.bytes);
        else this.outcome = step;
      },
    });
  }

  async #readOrders(): Promise<void> {
    await readFrames(this.#link, "command", {
      decoder: new FrameDecoder(),
      handleFrame: async ({ payload }) => {
        if (!this.#isReading) await this.#link.ended;
        this.orders.push(payload.slice());
      },
    });
  }
}
