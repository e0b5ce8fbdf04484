/**
 * What a vehicle knows of its orders, and what follows from what happens to them. Pure: every decision gives entries for
 * the journal, and nothing changes before they are applied.
 *
 *     order -> believed? for this vehicle? -- known already: say the same again
 *       |- another boot ------------------> rejected (other_boot)
 *       |- its deadline has passed -------> expired
 *       |- a motion while stopped --------> rejected (stopped)
 *       `- delivered -- claim --> executing -- result --> succeeded | failed | rejected | cancelled | superseded
 *             |- deadline --> expired (no_software)   `- software gone for softwareLeaseMs --> unknown (software_lost)
 *             |- cancel ----> cancelled               `- stop, of a motion --> superseded
 *             `- stop, of a motion --> superseded
 *     a new boot: delivered --> rejected (boot_changed), executing --> unknown (boot_changed)
 *
 * Nothing runs twice: an id that is known never begins again. Source: protocol.md section 5.
 */
import { isOutcome, type VehicleState } from "#proto/command_state.ts";
import { asFault, Fault } from "#proto/errors.ts";
import type { Command, Stop } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Instant } from "#proto/instant.ts";
import type { BelievedOrder } from "#proto/order.ts";
import { commandAheadMsMax, openCommandsMax, settledCommandsMax, unsettledCommandsMax } from "../limits.ts";
import type { Entry, EventEntry, Taken } from "./entry.ts";

/** Commands of this type take another one back; `data` names it. */
export const cancelType = "ss_cancel";

/** One order and what became of it. */
export interface Order {
  readonly taken: Taken;
  /** Its events that the cloud has not kept, oldest first; the last one stays in any case. */
  readonly events: readonly EventEntry[];
  /** Number of the newest event that the cloud has kept. */
  readonly settled: number;
}

/** What is said beside a state. */
export interface Word {
  readonly state: VehicleState;
  readonly code?: string;
  readonly detail?: string;
  readonly data?: string;
}

/** Whether the vehicle is stopped. */
export interface StopState {
  /** Number of the stop in force. */
  readonly latched: bigint | undefined;
  /** Up to this number stops do nothing any more. */
  readonly released: bigint;
}

/** Who decides: the vehicle, in this boot. */
export interface Self {
  readonly vehicle: VehicleId;
  /** Hex. */
  readonly boot: string;
}

/** See the head of this file. */
export class CommandBook {
  readonly #self: Self;
  readonly #orders = new Map<string, Order>();
  #journal: string | undefined;
  #floor = 0;
  #stop: StopState = { latched: undefined, released: 0n };

  constructor(self: Self) {
    this.#self = self;
  }

  /** Hex of the journal's id; undefined while it has none. */
  get journal(): string | undefined {
    return this.#journal;
  }

  get generationMin(): number {
    return this.#floor;
  }

  get stop(): StopState {
    return this.#stop;
  }

  get orders(): Iterable<Order> {
    return this.#orders.values();
  }

  of(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  /** Commands that wait for software. */
  get waiting(): Order[] {
    return [...this.#orders.values()].filter((order) => stateOf(order) === "delivered");
  }

  /** Commands that software has begun. */
  get running(): Order[] {
    return [...this.#orders.values()].filter((order) => stateOf(order) === "executing");
  }

  /** What a journal that is written anew must hold. */
  kept(): Entry[] {
    const { latched, released } = this.#stop;
    return [
      { kind: "journal", id: this.#journal ?? "" },
      { kind: "floor", generation: this.#floor },
      { kind: "stop", latched: latched?.toString() ?? null, released: released.toString() },
      ...[...this.#orders.values()].flatMap(({ taken, events, settled }) => [
        taken,
        ...events,
        ...(settled > 0 ? [{ kind: "settled" as const, id: taken.id, number: settled }] : []),
      ]),
    ];
  }

  /** Takes what stands in the journal. */
  apply(entry: Entry): void {
    switch (entry.kind) {
      case "journal":
        this.#journal = entry.id;
        return;
      case "floor":
        this.#floor = Math.max(this.#floor, entry.generation);
        return;
      case "stop":
        this.#stop = {
          latched: entry.latched === null ? undefined : BigInt(entry.latched),
          released: BigInt(entry.released),
        };
        return;
      case "taken":
        this.#orders.set(entry.id, { taken: entry, events: [], settled: 0 });
        return;
      case "event":
        return this.#change(entry.id, (order) => pruned({ ...order, events: withEvent(order.events, entry) }));
      case "settled":
        return this.#change(entry.id, (order) => pruned({ ...order, settled: Math.max(order.settled, entry.number) }));
    }
  }

  /** What follows from the start of another boot. */
  decideBegin(now: Instant): Entry[] {
    return [...this.#orders.values()].flatMap((order): Entry[] => {
      const { boot } = order.taken;
      if (boot === this.#self.boot || isStop(order)) return [];
      const state = stateOf(order);
      if (state === "delivered") return [this.#event(order, { state: "rejected", code: "boot_changed" }, now)];
      if (state === "executing") return [this.#event(order, { state: "unknown", code: "boot_changed" }, now)];
      return [];
    });
  }

  /** A command came. Throws `bad_order` for one of another vehicle. An id that is known gives nothing. */
  decideCommand({ payload, sha256, generationMin }: BelievedOrder<Command>, now: Instant): Entry[] {
    const { id, type, class: name, data, issuer } = payload;
    this.#demandOwn(payload.vehicleId);
    const floor = this.#raised(generationMin);
    if (type === cancelType) return [...floor, ...this.#decideCancel(payload, now)];
    if (this.#orders.has(id)) return floor;
    const taken: Taken = {
      kind: "taken",
      ...{ id, type, class: name, data, issuer, sha256: sha256.toHex(), boot: payload.boot.toHex() },
      deadlineMs: Number(payload.deadlineUptimeMs),
    };
    return [...floor, taken, this.#eventOf(taken, { number: 1, word: this.#firstWord(taken, now), now })];
  }

  /** A stop or its release came. */
  decideStop({ payload, sha256, generationMin }: BelievedOrder<Stop>, now: Instant): Entry[] {
    const { id, number, release, issuer } = payload;
    this.#demandOwn(payload.vehicleId);
    const floor = this.#raised(generationMin);
    if (this.#orders.has(id)) return floor;
    const taken: Taken = {
      ...{ kind: "taken", id, type: release ? "ss_release" : "ss_stop", class: "stop", data: "{}", issuer },
      ...{ sha256: sha256.toHex(), boot: this.#self.boot, deadlineMs: 0 },
    };
    const said = (word: Word, stop: StopState) =>
      this.#eventOf(taken, { number: 1, word, now, stopNumber: numberOf(stop) });
    const next = afterStop(this.#stop, { number, release });
    if (next === undefined) return [...floor, taken, said({ state: "rejected", code: "stop_number" }, this.#stop)];
    const stop: Entry = {
      kind: "stop",
      latched: next.latched?.toString() ?? null,
      released: next.released.toString(),
    };
    const ended = release
      ? []
      : this.#motions().map((order) => this.#event(order, { state: "superseded", code: "stopped" }, now));
    return [...floor, stop, taken, said({ state: "succeeded" }, next), ...ended];
  }

  /** The cloud has kept the events of an order up to a number. */
  decideSettled(id: string, number: number): Entry[] {
    const order = this.#orders.get(id);
    return order === undefined || number <= order.settled ? [] : [{ kind: "settled", id, number }];
  }

  /** Software begins a command. Throws `not_found` and `wrong_state`. */
  decideClaim(id: string, now: Instant): Entry[] {
    const order = this.#demand(id, "delivered");
    if (order.taken.deadlineMs <= now.uptimeMs) throw new Fault("wrong_state", `Cannot begin "${id}": it has expired`);
    return [this.#event(order, { state: "executing" }, now)];
  }

  /** Software tells how far a command is. Faults as {@link decideClaim}. */
  decideProgress(id: string, data: string, now: Instant): Entry[] {
    return [this.#event(this.#demand(id, "executing"), { state: "executing", code: "progress", data }, now)];
  }

  /** Software tells what became of a command. Faults as {@link decideClaim}. */
  decideResult(id: string, word: Word, now: Instant): Entry[] {
    return [this.#event(this.#demand(id, "executing"), word, now)];
  }

  /** Nobody is there any more to tell what became of it. */
  decideLost(id: string, now: Instant): Entry[] {
    return [this.#event(this.#demand(id, "executing"), { state: "unknown", code: "software_lost" }, now)];
  }

  /** What time brings about. */
  decideTick(now: Instant): Entry[] {
    return this.waiting.filter(({ taken }) => taken.deadlineMs <= now.uptimeMs)
      .map((order) => this.#event(order, { state: "expired", code: "no_software" }, now));
  }

  /** Orders that are settled and dead, oldest first, beyond what is remembered in any case. */
  forgettable(now: Instant): string[] {
    const settled = [...this.#orders.values()].filter((order) => isSettled(order));
    const dead = settled.filter(({ taken }) => taken.boot !== this.#self.boot || taken.deadlineMs <= now.uptimeMs);
    const beyond = settled.slice(0, Math.max(0, settled.length - settledCommandsMax));
    return [...new Set([...dead, ...beyond])].map(({ taken }) => taken.id);
  }

  /** Forgets orders; the journal is to be written anew. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#orders.delete(id);
  }

  #firstWord(taken: Taken, now: Instant): Word {
    const orders = [...this.#orders.values()];
    if (taken.boot !== this.#self.boot) return { state: "rejected", code: "other_boot" };
    if (!isJsonObject(taken.data)) return { state: "rejected", code: "bad_data" };
    if (taken.deadlineMs <= now.uptimeMs) return { state: "expired", code: "late" };
    if (taken.deadlineMs > now.uptimeMs + commandAheadMsMax) return { state: "rejected", code: "bad_deadline" };
    if (taken.class === "motion" && this.#stop.latched !== undefined) return { state: "rejected", code: "stopped" };
    const isFull = orders.filter((order) => !isOutcome(stateOf(order))).length >= openCommandsMax ||
      orders.filter((order) => !isSettled(order)).length >= unsettledCommandsMax;
    return isFull ? { state: "rejected", code: "busy" } : { state: "delivered" };
  }

  /** The cancel itself leaves nothing behind: what it is about answers for it. */
  #decideCancel(cancel: Command, now: Instant): Entry[] {
    const id = cancelledId(cancel.data);
    if (cancel.boot.toHex() !== this.#self.boot || Number(cancel.deadlineUptimeMs) <= now.uptimeMs) return [];
    const order = this.#orders.get(id);
    const word: Word = { state: "cancelled", code: order === undefined ? "before_arrival" : "" };
    if (order !== undefined) return stateOf(order) === "delivered" ? [this.#event(order, word, now)] : [];
    const taken: Taken = {
      ...{ kind: "taken", id, type: "", class: "", data: "{}", issuer: cancel.issuer, sha256: "" },
      ...{ boot: this.#self.boot, deadlineMs: Number(cancel.deadlineUptimeMs) },
    };
    return [taken, this.#eventOf(taken, { number: 1, word, now })];
  }

  #motions(): Order[] {
    return [...this.waiting, ...this.running].filter(({ taken }) => taken.class === "motion");
  }

  #raised(generationMin: number): Entry[] {
    return generationMin > this.#floor ? [{ kind: "floor", generation: generationMin }] : [];
  }

  #demandOwn(vehicle: string): void {
    if (vehicle !== this.#self.vehicle) throw new Fault("bad_order", "Cannot obey order: it is for another vehicle");
  }

  #demand(id: string, state: VehicleState): Order {
    const order = this.#orders.get(id);
    if (order === undefined) throw new Fault("not_found", `Cannot find command "${id}": it is not known here`);
    if (stateOf(order) === state) return order;
    throw new Fault("wrong_state", `Cannot go on with "${id}": it is ${stateOf(order)}, wanted ${state}`);
  }

  #event(order: Order, word: Word, now: Instant): EventEntry {
    return this.#eventOf(order.taken, { number: (order.events.at(-1)?.number ?? 0) + 1, word, now });
  }

  #eventOf(
    { id }: Taken,
    { number, word, now, stopNumber }: { number: number; word: Word; now: Instant; stopNumber?: bigint },
  ): EventEntry {
    const { state, code = "", detail = "", data = "" } = word;
    return {
      ...{ kind: "event", id, number, state, code, detail, data, boot: this.#self.boot },
      ...{ uptimeMs: Math.floor(now.uptimeMs), atNs: now.wallNs.toString() },
      stopNumber: (stopNumber ?? numberOf(this.#stop)).toString(),
    };
  }

  #change(id: string, change: (order: Order) => Order): void {
    const order = this.#orders.get(id);
    if (order !== undefined) this.#orders.set(id, change(order));
  }
}

/** What an order is in. */
export function stateOf({ events }: Order): VehicleState {
  return events.at(-1)?.state ?? "delivered";
}

/** Whether it is a stop or its release, which no software begins. */
function isStop({ taken }: Order): boolean {
  return taken.class === "stop";
}

/** Whether its last word is kept in the cloud. */
export function isSettled({ events, settled }: Order): boolean {
  const last = events.at(-1);
  return last !== undefined && settled >= last.number && (isOutcome(last.state) || last.state === "unknown");
}

/** Without what the cloud has kept, but for the last word. */
function pruned(order: Order): Order {
  const { events, settled } = order;
  return { ...order, events: events.filter(({ number }, at) => number > settled || at === events.length - 1) };
}

/** Of progress the newest counts alone. */
function withEvent(events: readonly EventEntry[], entry: EventEntry): readonly EventEntry[] {
  const isOvertaken = entry.code === "progress" && events.at(-1)?.code === "progress";
  return [...(isOvertaken ? events.slice(0, -1) : events), entry];
}

function isJsonObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    // Whoever asks wants to know exactly this.
    return false;
  }
}

/** After a stop or its release; undefined when it does nothing, because of its number. */
function afterStop({ latched, released }: StopState, { number, release }: { number: bigint; release: boolean }) {
  if (!release) {
    if (number <= released) return undefined;
    return { latched: latched !== undefined && latched > number ? latched : number, released };
  }
  if (latched !== undefined && number < latched) return undefined;
  return { latched: undefined, released: number > released ? number : released };
}

/** The number that a later stop must be above. */
function numberOf({ latched, released }: StopState): bigint {
  return latched !== undefined && latched > released ? latched : released;
}

/** The command that a cancel is about. Throws `bad_order`. */
export function cancelledId(data: string): string {
  try {
    const id = JSON.parse(data).command_id;
    if (typeof id === "string") return id;
    throw new Fault("bad_order", "it names no command");
  } catch (cause) {
    throw new Fault("bad_order", `Cannot obey cancel: ${asFault(cause).message}`, { cause });
  }
}
