/** A fleet without network: registry, links and API on a virtual clock. */
import { createHash } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { bearerGuard } from "#proto/base/bearer.ts";
import { PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { VehicleAccount } from "../../lib/store/vehicle_account.ts";
import { createApp } from "../app.ts";
import { Fleet } from "../fleet.ts";
import { LinkBoard, type PastNews } from "../link_board.ts";
import { createCounts } from "../metrics.ts";
import { Registry } from "../registry.ts";
import { MemoryDocuments } from "./memory_documents.ts";

const token = "an-operators-token";
/** The vehicle that most tests are about. */
export const drone = parseVehicleId("drone-001");

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const where = { relay: "relay-1", shard: 0 };
const dayMs = 86_400_000;

/** What a shard says. */
export type Event = MessageInitShape<typeof PresenceSchema>["event"];

function presenceBytes(event: Event): Uint8Array {
  return toBinary(PresenceSchema, create(PresenceSchema, { event }));
}

/** The id of a session, by a number. */
export function sessionOf(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

/** See the head of this file. */
export class FleetStage {
  readonly clock = new VirtualClock();
  readonly documents = new MemoryDocuments();
  readonly news: PastNews[] = [];
  readonly counts = createCounts();
  readonly registry = new Registry({ documents: this.documents, clock: this.clock, log: silent });
  readonly board = new LinkBoard({
    isRegistered: (vehicle) => this.registry.isRegistered(vehicle),
    onPast: (news) => this.news.push(news),
  });
  readonly fleet = new Fleet({ registry: this.registry, board: this.board, clock: this.clock });
  /** What the store answers about every vehicle; an Error is thrown. */
  account: VehicleAccount | undefined | Error;
  readonly #app = createApp({
    registry: this.registry,
    fleet: this.fleet,
    store: {
      account: () => this.account instanceof Error ? Promise.reject(this.account) : Promise.resolve(this.account),
    },
    guard: bearerGuard(createHash("sha256").update(token).digest("hex")),
    clock: this.clock,
    log: silent,
    counts: this.counts,
  });

  get wallNs(): bigint {
    return this.clock.wallNs();
  }

  /** Loads the registry and makes this service old enough to know who is linked. */
  async begin(): Promise<this> {
    await this.registry.load();
    await this.clock.advance(20_000);
    return this;
  }

  async register(vehicle: VehicleId = drone): Promise<void> {
    await this.registry.register(vehicle, { type: "rover", name: vehicle, tags: {}, groups: [] });
  }

  hear(event: Event, from = where): void {
    this.board.handlePresence(from, presenceBytes(event), instantOf(this.clock));
  }

  up(vehicle: string = drone, session = 1): void {
    const certificateNotAfterMs = this.wallNs / 1_000_000n + BigInt(20 * dayMs);
    const about = { vehicleId: vehicle, session: sessionOf(session), atNs: this.wallNs, certificateNotAfterMs };
    this.hear({ case: "up", value: { ...about, agentVersion: "1.2.3", remoteAddress: "192.0.2.1:9" } });
  }

  down(code = "link_dead", { vehicle = drone as string, session = 1 } = {}): void {
    const about = { vehicleId: vehicle, session: sessionOf(session), atNs: this.wallNs };
    this.hear({ case: "down", value: { ...about, code, detail: `it was ${code}` } });
  }

  refuse(code = "certificate_expired", vehicle: string = drone): void {
    this.hear({ case: "refused", value: { claimedVehicleId: vehicle, atNs: this.wallNs, code, detail: "no" } });
  }

  /** A digest of one link; `quietMs` since its last data, null when none has come. */
  digest(
    { vehicle = drone as string, session = 1, quietMs = 100 as number | null, rttMs = 20, offMs = 5 } = {},
    from = where,
  ): void {
    const lastBatchAtNs = quietMs === null ? 0n : this.wallNs - BigInt(quietMs) * 1_000_000n;
    const clockOffsetNs = BigInt(offMs) * 1_000_000n;
    const link = { vehicleId: vehicle, session: sessionOf(session), rttUs: rttMs * 1000, clockOffsetNs, frames: 7n };
    this.hear({ case: "digest", value: { links: [{ ...link, lastBatchAtNs }], atNs: this.wallNs } }, from);
  }

  /** The state of a vehicle with its reason. */
  state(vehicle: VehicleId = drone): string {
    const { state, reason } = this.fleet.standing(vehicle).presence;
    return reason === "" ? state : `${state} ${reason}`;
  }

  async ask(path: string, { method = "GET", body, headers = {} }: {
    method?: string;
    body?: unknown;
    headers?: Record<string, string>;
  } = {}): Promise<Response> {
    return await this.#app.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }
}
