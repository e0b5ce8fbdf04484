/** A fleet without network: registry, links and API on a virtual clock. */
import { createHash } from "node:crypto";
import type { VehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { authGuard } from "../../lib/auth/guard.ts";
import { MemoryDocuments } from "../../lib/documents/testing/memory_documents.ts";
import { BoardStage, drone } from "../../lib/links/testing/board_stage.ts";
import type { VehicleAccount } from "../../lib/store/vehicle_account.ts";
import { createApp } from "../app.ts";
import { Fleet } from "../fleet.ts";
import { createCounts } from "../metrics.ts";
import { Registry } from "../registry.ts";

const token = "an-operators-token";
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** See the head of this file. */
export class FleetStage extends BoardStage {
  readonly documents = new MemoryDocuments();
  readonly counts = createCounts();
  readonly registry = new Registry({ documents: this.documents, clock: this.clock, log: silent });
  readonly fleet = new Fleet({ registry: this.registry, board: this.board, clock: this.clock });
  /** What the store answers about every vehicle; an Error is thrown. */
  account: VehicleAccount | undefined | Error;
  readonly #app = createApp({
    registry: this.registry,
    fleet: this.fleet,
    store: {
      account: () => this.account instanceof Error ? Promise.reject(this.account) : Promise.resolve(this.account),
    },
    guard: authGuard({ tokenSha256: createHash("sha256").update(token).digest("hex"), clock: this.clock }),
    clock: this.clock,
    log: silent,
    counts: this.counts,
  });

  override isRegistered(vehicle: VehicleId): boolean {
    return this.registry.isRegistered(vehicle);
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
