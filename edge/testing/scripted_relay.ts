/** A relay's end on a virtual network that does what a test says, and an agent that links to it, in virtual time. */
import { certificateCheck } from "#proto/base/certificate.ts";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import { type BatchHeader, decodeBatch, readBatchHeader, recordsOf } from "#proto/batch.ts";
import { classNumber, type Lane, lanes, type TelemetryLane } from "#proto/class.ts";
import { FrameDecoder, frameKinds, type LinkFrame } from "#proto/frame.ts";
import type { Inventory, ShapeUse } from "#proto/gen/systemscale/link/v1/telemetry_pb.ts";
import { parseStream, parseVehicleId } from "#proto/ids.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import { readFrames } from "#proto/lane_reader.ts";
import { linkFrameBytesMax } from "#proto/limits.ts";
import { closeOf } from "#proto/link_end.ts";
import { decodeMessage, encodeMessage, type MessageInit, type MessageKind } from "#proto/link_message.ts";
import type { Clock, Link, Listener, Log } from "#proto/ports.ts";
import { RelayLogin } from "#proto/relay_login.ts";
import { decodeShape, type FrameRecord, makeShape, type Shape } from "#proto/shape.ts";
import { signerOf } from "#proto/signature.ts";
import { type Authority, makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { VirtualNetwork } from "#proto/testing/link.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";
import { type Agent, type AgentOptions, startAgent } from "../agent.ts";
import { readCredentials } from "../identity.ts";
import { type NewFrame, openRing } from "../ring/ring.ts";
import type { ConnectParts, Identity } from "../uplink/connect.ts";
import { Outbox } from "../uplink/outbox.ts";
import { Packer } from "../uplink/packer.ts";
import type { RelayTargetsOptions } from "../uplink/relay_targets.ts";
import { ShapesInUse } from "../uplink/shape_uses.ts";
import { Uplink, type UplinkParts } from "../uplink/uplink.ts";

/** A batch as it came. */
export interface TakenBatch {
  readonly lane: TelemetryLane;
  readonly header: BatchHeader;
  readonly records: readonly FrameRecord[];
  /** All of it, as it lies in a bundle. */
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** What the relay does by itself; may be changed at any time. */
export interface RelayManners {
  /** Login: refuse with this code, in place of the Challenge or of the Welcome; or never answer. */
  refuse?: { code: string; retryAfterMs: number; afterProof?: boolean };
  redirect?: MessageInit<"redirect">;
  silent: boolean;
  ready: boolean;
  /** Tells `received`, and right behind it the verdict. */
  receives: boolean;
  decides: boolean;
  /** Answers inventories with what it decided before. */
  answersHeld: boolean;
  /** Milliseconds that the relay's clock is ahead of the vehicle's. */
  aheadMs: number;
  windowBytes: number;
}

/** One node. */
class ScriptedRelay {
  readonly manners: RelayManners = {
    silent: false,
    ready: true,
    receives: true,
    decides: true,
    answersHeld: true,
    aheadMs: 0,
    windowBytes: 4_000_000,
  };
  readonly batches: TakenBatch[] = [];
  readonly inventories: Inventory[] = [];
  readonly shapeUses: (ShapeUse & { lane: Lane })[] = [];
  readonly goodbyes: string[] = [];
  logins = 0;
  /** Of the certificate of each login, hex. */
  readonly serials: string[] = [];
  /** Uptime of each incoming link. */
  readonly dialledAtMs: number[] = [];
  readonly #fleet: Fleet;
  readonly #node: string;
  readonly #shapes = new Map<string, Shape>();
  readonly #places = { live: 0, backfill: 0 };
  #link: Link | undefined;

  constructor(fleet: Fleet, node: string) {
    this.#fleet = fleet;
    this.#node = node;
    void this.#accept(fleet.network.listen({ node, port: 443 }));
  }

  /** All records that came, each seq of a class as often as it came. */
  seqs(className: number): number[] {
    return this.batches.filter((one) => one.header.class === className)
      .flatMap((one) => one.records.map((record) => record.seq));
  }

  /** Sends a message over the present link. */
  async send<Kind extends MessageKind>(kind: Kind, init: MessageInit<Kind>): Promise<void> {
    await this.#link?.write("control", encodeMessage(kind, init)).catch(() => undefined);
  }

  /** Tells about a batch that `received` was not told of by itself. */
  async tellReceived({ lane, header }: TakenBatch, place: number): Promise<void> {
    const { epoch, class: className, first, last } = header;
    const batch = { epoch, class: className, first: BigInt(first), last: BigInt(last), lane: lanes.indexOf(lane) };
    await this.send("received", { batches: [{ ...batch, place: BigInt(place) }] });
  }

  close(): void {
    this.#link?.close(closeOf("draining"));
  }

  async #accept(listener: Listener): Promise<void> {
    for await (const link of listener.accept()) void this.#serve(link);
  }

  async #serve(link: Link): Promise<void> {
    const { clock, random, authority } = this.#fleet;
    this.dialledAtMs.push(clock.uptimeMs());
    if (this.manners.silent) return;
    const login = new RelayLogin({
      node: this.#node,
      nonce: random.bytes(32),
      tlsCertificateSha256: random.bytes(32),
      checkChain: certificateCheck({ roots: [authority.root.certPem] }),
    }, this.#now());
    const decoder = new FrameDecoder();
    let isIn = false;
    await readFrames(link, "control", {
      decoder,
      handleFrame: async (frame) => {
        if (isIn) return await this.#handleControl(link, frame);
        isIn = await this.#logIn(link, login, frame);
        if (!isIn) return;
        decoder.bytesMax = linkFrameBytesMax;
        this.#supersede();
        this.#link = link;
        void this.#readLane(link, "live");
        void this.#readLane(link, "backfill");
      },
    });
  }

  /** There is one session of a vehicle: the newest. */
  #supersede(): void {
    const older = this.#link;
    older?.write("control", encodeMessage("goodbye", { code: "superseded" })).catch(() => undefined);
    older?.close(closeOf("superseded"));
  }

  async #logIn(link: Link, login: RelayLogin, frame: LinkFrame): Promise<boolean> {
    const { redirect, refuse } = this.manners;
    if (redirect !== undefined) await link.write("control", encodeMessage("redirect", redirect));
    else if (refuse !== undefined && refuse.afterProof !== true) await this.#refuse(link, refuse);
    else {
      const step = login.handleFrame(frame, this.#now());
      if (step.kind === "send") await link.write("control", step.bytes);
      if (step.kind === "refuse") throw new Error(`login refused: ${step.code} ${step.detail}`);
      if (step.kind !== "accept") return false;
      if (refuse !== undefined) {
        await this.#refuse(link, refuse);
        return false;
      }
      this.logins += 1;
      this.serials.push(step.login.serial);
      await link.write("control", encodeMessage("welcome", this.#welcome()));
      return true;
    }
    return false;
  }

  async #refuse(link: Link, { code, retryAfterMs }: { code: string; retryAfterMs: number }): Promise<void> {
    await link.write("control", encodeMessage("refuse", { code, retryAfterMs, detail: "by test" }));
  }

  #welcome(): MessageInit<"welcome"> {
    return {
      session: this.#fleet.random.bytes(16),
      liveWindowBytes: this.manners.windowBytes,
      backfillWindowBytes: this.manners.windowBytes,
      batchBytesMax: 65_536,
      relayTimeNs: this.#nowNs(),
      heartbeatIntervalMs: 5000,
      ready: this.manners.ready,
      relay: this.#node,
    };
  }

  #now(): Instant {
    return { ...instantOf(this.#fleet.clock), wallNs: this.#nowNs() };
  }

  #nowNs(): bigint {
    return this.#fleet.clock.wallNs() + BigInt(this.manners.aheadMs) * 1_000_000n;
  }

  async #handleControl(link: Link, frame: LinkFrame): Promise<void> {
    if (this.manners.silent) return;
    if (frame.kind === frameKinds.ping) {
      const { id, sentAtNs } = decodeMessage("ping", frame.payload);
      const pong = { id, sentAtNs, answeredAtNs: this.#nowNs() };
      await link.write("control", encodeMessage("pong", pong)).catch(() => undefined);
    }
    if (frame.kind === frameKinds.goodbye) this.goodbyes.push(decodeMessage("goodbye", frame.payload).detail);
    if (frame.kind === frameKinds.inventory) {
      this.inventories.push(decodeMessage("inventory", frame.payload));
      const committed = this.#fleet.decided.map(({ epoch, class: className, first, last }) => ({
        epoch,
        class: className,
        ranges: [{ first: BigInt(first), last: BigInt(last) }],
      }));
      if (this.manners.answersHeld) await this.send("held", { committed, ledgerAnswered: true });
    }
  }

  async #readLane(link: Link, lane: TelemetryLane): Promise<void> {
    const read = { live: 0n, backfill: 0n };
    await readFrames(link, lane, {
      decoder: new FrameDecoder(linkFrameBytesMax),
      handleBytes: (count) => void (read[lane] += BigInt(count)),
      handleFrame: (frame) => this.#handleTelemetry(lane, frame),
    });
  }

  async #handleTelemetry(lane: TelemetryLane, frame: LinkFrame): Promise<void> {
    if (frame.kind === frameKinds.shapeUse) {
      const use = decodeMessage("shapeUse", frame.payload);
      this.shapeUses.push({ ...use, lane });
      if (use.definition.byteLength > 0) this.#shapes.set(use.hash.toHex(), decodeShape(use.definition));
      return;
    }
    const bytes = frame.payload.slice();
    const header = readBatchHeader(bytes);
    const records = recordsOf(decodeBatch(bytes, (hash) => this.#shapes.get(hash)));
    const taken = { lane, header, records, bytes, atMs: this.#fleet.clock.uptimeMs() };
    this.batches.push(taken);
    if (this.manners.receives) await this.tellReceived(taken, ++this.#places[lane]);
    if (this.manners.decides) await this.decide(header);
  }

  /** Gives a batch its verdict. */
  async decide({ epoch, class: className, first, last }: BatchHeader): Promise<void> {
    this.#fleet.decided.push({ epoch, class: className, first, last });
    const ranges = [{ first: BigInt(first), last: BigInt(last) }];
    await this.send("verdicts", { committed: [{ epoch, class: className, ranges }] });
  }
}

/** A network, a clock, an authority, and agents' parts. */
export interface Fleet {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: VirtualNetwork;
  readonly authority: Authority;
  /** The present agent's; the next one finds what was written. */
  disk: VirtualDisk;
  ringBytesMax: number;
  /** What has a verdict, shared by all relays as the ledger is. */
  readonly decided: { epoch: bigint; class: number; first: number; last: number }[];
  /** Lines that the agent logged. */
  readonly logged: string[];
  readonly log: Log;
  /** A new start of the vehicle. */
  identity(): Identity;
  /** The relays made so far. */
  targets(): RelayTargetsOptions;
  relay(node: string): ScriptedRelay;
  /** Starts the agent; its relays are those made so far. */
  agent(options?: Partial<AgentOptions>): Promise<Agent>;
}

/** Makes a fleet of one vehicle. */
export async function makeFleet(seed = 1): Promise<Fleet> {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const network = new VirtualNetwork({ clock, random, conditions: { delayMs: { min: 5, max: 5 } } });
  const nowMs = Number(clock.wallNs() / 1_000_000n);
  const validity = { notBeforeMs: nowMs - 86_400_000, notAfterMs: nowMs + 86_400_000 };
  const authority = await makeAuthority("test", validity);
  const leaf = await authority.issueVehicle("drone-001", validity);
  const nodes: string[] = [];
  const logged: string[] = [];
  const line = (message: string, fields: object = {}) =>
    void logged.push(`${message} ${Object.values(fields).join(" ")}`);
  const fleet: Fleet = {
    clock,
    random,
    network,
    authority,
    disk: new VirtualDisk(random),
    ringBytesMax: 16 * 1024 * 1024,
    decided: [],
    logged,
    log: { debug: line, info: line, warn: line, error: line },
    identity: () => ({
      chain: leaf.chain,
      signer: signerOf(leaf.keyPem),
      boot: random.bytes(16),
      agentVersion: "0.1.0",
    }),
    targets: () => ({
      relays: nodes.map((node) => ({ host: node, port: 443, node, trust: [] })),
      redirectDomains: ["nodes.test"],
    }),
    relay: (node) => {
      nodes.push(node);
      return new ScriptedRelay(fleet, node);
    },
    agent: (options = {}) => {
      fleet.disk = fleet.disk.kill();
      return clock.run(startAgent({
        vehicleId: parseVehicleId("drone-001"),
        identity: fleet.identity(),
        openUplink: (needs) =>
          Promise.resolve(new Uplink({ ...needs, targets: fleet.targets(), dialer: network.dialer() })),
        ring: { disk: fleet.disk, bytesMax: fleet.ringBytesMax, whenFull: "overwrite" },
        clock,
        random,
        log: fleet.log,
        clockSynchronized: () => true,
        ...options,
      }));
    },
  };
  return fleet;
}

const shape = makeShape(parseStream("telemetry"), [{ name: "altitude_m", type: "f64" }]);

/** So many frames. */
export function someFrames(count: number, clock: Clock): NewFrame[] {
  return Array.from({ length: count }, (_, i) => ({ ts: clock.wallNs() + BigInt(i), shape, values: [i] }));
}

/** What an uplink of its own needs, over a ring of its own; `close` ends the ring. */
export async function uplinkParts(
  fleet: Fleet,
): Promise<UplinkParts & Omit<ConnectParts, "mayLeave" | "onMove"> & { close(): Promise<void> }> {
  const { clock, random, log, network } = fleet;
  const identity = fleet.identity();
  const ring = await clock.run(openRing({
    disk: new VirtualDisk(random),
    clock,
    random,
    log,
    bytesMax: fleet.ringBytesMax,
    whenFull: "overwrite",
    boot: identity.boot,
    clockSynchronized: true,
  }));
  return {
    ...{ clock, random, log, ring },
    identity: () => identity,
    dialer: network.dialer(),
    targets: fleet.targets(),
    outbox: new Outbox(),
    packer: new Packer(ring),
    shapesInUse: new ShapesInUse(),
    onAck: () => {},
    onQuarantined: () => {},
    close: () => clock.run(ring.close()),
  };
}

/** The class that tests send. */
export const normal = classNumber("normal");

/** Numbers from 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** In rising order. */
export function sorted(seqs: readonly number[]): number[] {
  return seqs.toSorted((a, b) => a - b);
}

/** Records on board without a verdict. */
export function unsettledRecords(agent: Agent): number {
  return agent.status().unsettled.reduce((sum, line) => sum + line.records, 0);
}

/** Posts so many frames and waits until they are durable. */
export async function take({ fleet, agent }: { fleet: Fleet; agent: Agent }, count: number): Promise<void> {
  await fleet.clock.run(agent.take("normal", someFrames(count, fleet.clock)));
}

/** A fleet with one relay and an agent that is linked and looks after its certificate, whose files a test changes. */
export async function renewableFleet() {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const vehicleId = parseVehicleId("drone-001");
  const nowMs = Number(fleet.clock.wallNs() / 1_000_000n);
  const issue = async () => {
    const validity = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
    const { chainPem, keyPem } = await fleet.authority.issueVehicle("drone-001", validity);
    const files: CredentialFiles = { certificatePem: chainPem, keyPem };
    return { files, credentials: readCredentials(files, vehicleId) };
  };
  const first = await issue();
  const disk = { files: first.files };
  const identity: Identity = { ...first.credentials, boot: fleet.random.bytes(16), agentVersion: "0.1.0" };
  const source = { read: () => Promise.resolve(disk.files) };
  const agent = await fleet.agent({ identity, credentials: { ...first, source } });
  await fleet.clock.advance(1000);
  return { fleet, relay, agent, disk, issue, first };
}

/** A fleet with one relay, its agent linked. */
export async function linkedFleet(): Promise<{ fleet: Fleet; relay: ScriptedRelay; agent: Agent }> {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const agent = await fleet.agent();
  await fleet.clock.advance(1000);
  return { fleet, relay, agent };
}
