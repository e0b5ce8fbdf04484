/** The commands service without network: on a virtual clock, with a vehicle that says what a test wants. */
import { createHash } from "node:crypto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { certificateCheck } from "#proto/base/certificate.ts";
import { sealEvent } from "#proto/command_event.ts";
import type { VehicleState } from "#proto/command_state.ts";
import { type Command, DownwardSchema, type Stop } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { HelloSchema, ProofFieldsSchema } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { believeCommand, believeStop } from "#proto/order.ts";
import type { Log } from "#proto/ports.ts";
import { signerOf } from "#proto/signature.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { makeOrderRoot } from "#proto/testing/orders.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { authGuard } from "../../lib/auth/guard.ts";
import { MemoryDocuments } from "../../lib/documents/testing/memory_documents.ts";
import { BoardStage, drone } from "../../lib/links/testing/board_stage.ts";
import type { RestApi } from "../../lib/grpc/rest_call.ts";
import { createApp } from "../app.ts";
import { Boots } from "../boots.ts";
import { catalogueOf } from "../catalogue.ts";
import { CommandBook } from "../command_book.ts";
import { Dispatcher, type Wanted } from "../dispatcher.ts";
import { tickMs } from "../limits.ts";
import { createCounts } from "../metrics.ts";
import { StopDesk } from "../stop_desk.ts";

const token = "an-operators-token";
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const root = makeOrderRoot();
const trust = { root: root.publicKey, generationMin: 0 };
const validity = { notBeforeMs: 0, notAfterMs: Date.UTC(2099, 0, 1) };
const authority = await makeAuthority("vehicles", validity);
const { chain, keyPem } = await authority.issueVehicle(drone, validity);
const speaker = { chain, signer: signerOf(keyPem) };
const checkChain = certificateCheck({ roots: [authority.root.certPem] });

/** What a vehicle was sent. */
export type Heard =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "stop"; readonly stop: Stop }
  | { readonly kind: "settled"; readonly id: string; readonly number: number };

/** Buckets that outlive a run of the service. */
export interface Buckets {
  readonly commands: MemoryDocuments;
  readonly keys: MemoryDocuments;
  readonly stops: MemoryDocuments;
  readonly boots: MemoryDocuments;
}

function newBuckets(): Buckets {
  const fresh = () => new MemoryDocuments();
  return { commands: fresh(), keys: fresh(), stops: fresh(), boots: fresh() };
}

/** See the head of this file. */
export class CommandServiceStage extends BoardStage {
  readonly heard: Heard[] = [];
  readonly buckets: Buckets;
  readonly book: CommandBook;
  readonly api: RestApi;
  readonly boots: Boots;
  readonly stops: StopDesk;
  readonly dispatcher: Dispatcher;
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
  /** The vehicle's uptime is the clock's from here on. */
  readonly bornMs = this.clock.uptimeMs() - 100_000;
  #counter = 0n;

  constructor(buckets: Buckets = newBuckets()) {
    super();
    this.buckets = buckets;
    const { clock, board } = this;
    const random = seededRandom(3);
    const all = root.signer();
    const signers = new Map([["command", all], ["stop", all], ["release", all]] as const);
    const hear = (_vehicle: string, bytes: Uint8Array) => void this.heard.push(heardOf(bytes));
    const lines = { command: hear, stop: hear };
    const shared = { lines, signers, clock, random, log: silent };
    this.book = new CommandBook({ documents: buckets.commands, clock, log: silent });
    this.boots = new Boots(buckets.boots, silent);
    const isLinked = (vehicle: typeof drone) => board.of(vehicle).link !== undefined;
    this.stops = new StopDesk({ ...shared, documents: buckets.stops, isLinked });
    const own = { book: this.book, boots: this.boots, stops: this.stops, keys: buckets.keys };
    this.dispatcher = new Dispatcher({ ...shared, ...own, vehicles: this, board, checkChain });
    const guard = authGuard({ tokenSha256: createHash("sha256").update(token).digest("hex"), clock });
    const parts = { ...own, clock, dispatcher: this.dispatcher, vehicles: this, catalogue: catalogueOf() };
    const app = createApp({ ...parts, guard, log: silent, counts: createCounts() });
    this.api = app.fetch;
    this.ask = async (path, init = {}) =>
      await app.request(path, {
        ...init,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers },
      });
  }

  /** Loads what is kept, and registers the vehicle. */
  async begin(): Promise<this> {
    this.registered.add(drone);
    await Promise.all([this.book.load(), this.boots.load(), this.stops.load()]);
    return this;
  }

  /** The vehicle logs in, in a boot of this number. */
  async login(boot = 1): Promise<void> {
    this.up();
    const uptimeNs = BigInt(Math.floor(this.clock.uptimeMs() - this.bornMs)) * 1_000_000n;
    this.dispatcher.handleLogin({
      vehicle: drone,
      hello: create(HelloSchema, { boot: bootOf(boot) }),
      fields: create(ProofFieldsSchema, { uptimeNs, linkCounter: ++this.#counter }),
    });
    await this.clock.advance(0);
  }

  /** Time passes, and the service looks after its commands as it does. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= tickMs) {
      await this.clock.advance(Math.min(left, tickMs));
      await this.dispatcher.tick();
    }
  }

  /** Takes a command; what is not said is a motion for a minute. */
  accept(change: Partial<Wanted> = {}) {
    const usual = { vehicle: drone, type: "rtl", class: "motion", data: "{}", priority: "normal" } as const;
    return this.dispatcher.accept({ ...usual, issuer: "test", reason: "", ttlMs: 60_000, ...change });
  }

  /** The vehicle says a word. */
  async say(
    commandId: string,
    { number = 1, state, code = "", data = "", journal = 1, stopNumber = 0n }: {
      number?: number;
      state: VehicleState;
      code?: string;
      data?: string;
      journal?: number;
      stopNumber?: bigint;
    },
  ): Promise<void> {
    const facts = { commandId, vehicleId: drone, number, state, code, data, stopNumber, journal: bootOf(journal) };
    this.dispatcher.handleEvent(sealEvent(speaker, facts));
    await this.clock.advance(0);
  }

  /** What was sent since the last call. */
  take(): Heard[] {
    return this.heard.splice(0);
  }

  /** Of these the commands. */
  commands(): Command[] {
    return this.take().flatMap((heard) => heard.kind === "command" ? [heard.command] : []);
  }

  /** Of these the stops. */
  stopsHeard(): Stop[] {
    return this.take().flatMap((heard) => heard.kind === "stop" ? [heard.stop] : []);
  }
}

function heardOf(bytes: Uint8Array): Heard {
  const { word } = fromBinary(DownwardSchema, bytes);
  switch (word.case) {
    case "command":
      return { kind: "command", command: believeCommand(word.value, trust).payload };
    case "stop":
      return { kind: "stop", stop: believeStop(word.value, trust).payload };
    case "settled":
      return { kind: "settled", id: word.value.commandId, number: word.value.number };
    default:
      throw new Error("nothing was said");
  }
}

/** 16 bytes by a number. */
export function bootOf(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}
