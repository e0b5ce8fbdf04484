/** A desk of commands on a virtual clock and disk, with a cloud that signs. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { certificateCheck } from "#proto/base/certificate.ts";
import { believeEvent, type EventSigner } from "#proto/command_event.ts";
import { makeCommandId } from "#proto/command_id.ts";
import { type Downward, DownwardSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { type OrderSigner, signCommand, signStop } from "#proto/order.ts";
import { signerOf } from "#proto/signature.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { commandOf, makeOrderRoot, stopOf } from "#proto/testing/orders.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { CommandDesk } from "../desk.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const root = makeOrderRoot();
const validity = { notBeforeMs: 0, notAfterMs: Date.UTC(2099, 0, 1) };
const authority = await makeAuthority("commands", validity);
const { chain, keyPem } = await authority.issueVehicle("drone-001", validity);
const speaker: EventSigner = { chain, signer: signerOf(keyPem) };
const checkChain = certificateCheck({ roots: [authority.root.certPem] });

/** See the head of this file. */
export class CommandStage {
  readonly clock = new VirtualClock();
  disk = new VirtualDisk(seededRandom(1));
  readonly signer: OrderSigner = root.signer();
  /** What the cloud heard: `state` or `state code` by command, in order, with repetitions. */
  readonly heard: string[] = [];
  boot = new Uint8Array(16).fill(7);
  #desk: CommandDesk | undefined;
  #ids = 0;

  get desk(): CommandDesk {
    if (this.#desk === undefined) throw new Error("the desk is not open");
    return this.#desk;
  }

  /** Another signer under the same root. */
  static signerOf(options: Parameters<typeof root.signer>[0]): OrderSigner {
    return root.signer(options);
  }

  /** Opens the desk, in a boot of this number, and links it. */
  async open(boot = 7): Promise<this> {
    this.boot = new Uint8Array(16).fill(boot);
    const random = seededRandom(boot);
    const parts = { vehicle: parseVehicleId("drone-001"), boot: this.boot, root: root.publicKey };
    const { clock, disk } = this;
    this.#desk = await CommandDesk.open({ ...parts, disk, speaker: () => speaker, clock, random, log: silent });
    this.desk.link((bytes) => this.#hear(bytes));
    return this;
  }

  /** What was not synced is gone. */
  cutPower(): void {
    this.disk = this.disk.powerCut();
  }

  /** A fresh id. */
  id(): string {
    return makeCommandId(++this.#ids, new Uint8Array(10));
  }

  /** Sends a command; what is not said is a motion, alive for a minute. Returns its id. */
  command(change: Parameters<typeof commandOf>[0] = {}): string {
    const deadlineUptimeMs = BigInt(Math.round(this.clock.uptimeMs())) + 60_000n;
    const command = commandOf({ id: this.id(), boot: this.boot, deadlineUptimeMs, ...change });
    this.send({ case: "command", value: signCommand(this.signer, command) });
    return command.id;
  }

  cancel(id: string, change: Parameters<typeof commandOf>[0] = {}): void {
    this.command({ type: "ss_cancel", class: "config", data: JSON.stringify({ command_id: id }), ...change });
  }

  stop(number: bigint, change: Parameters<typeof stopOf>[0] = {}): string {
    const stop = stopOf({ id: this.id(), number, ...change });
    this.send({ case: "stop", value: signStop(this.signer, stop) });
    return stop.id;
  }

  settle(commandId: string, number: number): void {
    this.send({ case: "settled", value: { $typeName: "systemscale.command.v1.Settled", commandId, number } });
  }

  send(word: Downward["word"]): void {
    this.desk.handleFrame(toBinary(DownwardSchema, create(DownwardSchema, { word })));
  }

  /** Sends bytes again, as a relay could. */
  again(bytes: Uint8Array): void {
    this.send(fromBinary(DownwardSchema, bytes).word);
  }

  /** Lets everything happen that follows at once. */
  async settled(): Promise<void> {
    await this.clock.advance(0);
  }

  /** What was heard since the last call. */
  take(): string[] {
    return this.heard.splice(0);
  }

  #hear(bytes: Uint8Array): void {
    const nowMs = Number(this.clock.wallNs() / 1_000_000n);
    const { state, code, number } = believeEvent(bytes, { checkChain, nowMs });
    this.heard.push(`${number} ${state}${code === "" ? "" : ` ${code}`}`);
  }
}
