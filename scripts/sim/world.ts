/**
 * One world: vehicles, relays, hub, ingest and store of one seed, in virtual time. It knows how each of them can be
 * hurt and healed, and shows itself to the checkers; when what happens is drawn elsewhere (faults.ts, load.ts).
 */
import type { VerdictNotice } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { readBatchHeader } from "#proto/batch.ts";
import { readBundle } from "#proto/bundle.ts";
import { classes } from "#proto/class.ts";
import { parseEpoch, parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { normalize } from "#proto/ranges.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { partitionOf } from "#proto/subjects.ts";
import { VirtualNetwork } from "#proto/testing/link.ts";
import { type SeededRandom, seededRandom } from "#proto/testing/random.ts";
import type { ClassRanges } from "#proto/gen/systemscale/link/v1/telemetry_pb.ts";
import { allChecks } from "./checks/all.ts";
import type { Check, Told, View } from "./checks/check.ts";
import { Database } from "./database.ts";
import { Books } from "./books.ts";
import { type Answer, Given } from "./given.ts";
import { Hub, type Placed } from "./hub.ts";
import type { Identities } from "./identities.ts";
import { IngestNode } from "./ingest_node.ts";
import { Life, Machine } from "./machine.ts";
import { goodStore, memoryBackend, type StoreConditions } from "./memory_backend.ts";
import type { Plant } from "./plant.ts";
import { RelayNode } from "./relay_node.ts";
import type { WorldSettings } from "./settings.ts";
import { simBackbone } from "./sim_backbone.ts";
import { Story } from "./story.ts";
import { Tally } from "./tally.ts";
import { Vehicle } from "./vehicle.ts";
import { VirtualTime } from "./virtual_time.ts";
import { Wire } from "./wire.ts";

const trimmed = "messages trimmed from the log";

/** What does not hold any more. */
export interface Violation {
  readonly invariant: string;
  readonly text: string;
  readonly atMs: number;
}

/** The way between a relay and the hub. */
export interface RelayWires {
  readonly up: Wire;
  readonly down: Wire;
}

/** What a {@link World} is made from. */
export interface WorldOptions {
  readonly settings: WorldSettings;
  readonly identities: Identities;
  readonly plant: Plant | undefined;
}

/** See the head of this file. */
export class World {
  readonly settings: WorldSettings;
  readonly time = new VirtualTime();
  readonly given = new Given();
  readonly tally = new Tally();
  readonly story = new Story(() => this.time.nowMs);
  readonly database: Database;
  readonly storeConditions: StoreConditions = goodStore();
  readonly hub: Hub;
  readonly vehicles: Vehicle[] = [];
  readonly relays: RelayNode[] = [];
  readonly wires: RelayWires[] = [];
  readonly ingest: IngestNode;
  /** By vehicle and relay, in their orders. */
  readonly networks: VirtualNetwork[][] = [];
  /** Called with each commit of rows, before its answer. */
  onCommitted: (() => void) | undefined;
  /** Called with the bytes of each bundle on its way to the log; what it returns arrives. */
  onBundle: ((bytes: Uint8Array) => Uint8Array) | undefined;
  violation: Violation | undefined;
  /** Nothing may strike any more. */
  isHealed = false;
  readonly #books: Books;
  readonly #checks: readonly Check[] = allChecks();
  readonly #plant: Plant | undefined;
  readonly #troubles = new Set<() => void>();
  readonly #suspensions = new Set<() => void>();
  #healthySinceMs: number | undefined;

  private constructor({ settings, identities, plant }: WorldOptions) {
    this.settings = settings;
    this.#plant = plant;
    const recognized = plant?.recognizedMs === undefined ? {} : { recognizedMs: plant.recognizedMs };
    this.database = new Database({ kind: settings.store, time: this.time, ...recognized });
    this.#books = new Books(this.database);
    this.hub = new Hub(new Machine(this.time), { bytesMax: settings.logBytesMax, events: this.#hubEvents() });
    this.ingest = this.#makeIngest(identities);
  }

  /** Makes a world and switches everything on. */
  static async begin(options: WorldOptions): Promise<World> {
    const world = new World(options);
    for (const id of options.settings.vehicles) await world.#addVehicle(id, options.identities);
    world.#addRelays(options.identities);
    world.ingest.start();
    for (const relay of world.relays) relay.start();
    for (const vehicle of world.vehicles) vehicle.start();
    return world;
  }

  /** A source of chance of its own, so that one part's draws do not shift another's. */
  random(name: string): SeededRandom {
    let seed = this.settings.seed | 0;
    for (let at = 0; at < name.length; at++) seed = Math.imul(seed ^ name.charCodeAt(at), 0x01000193);
    return seededRandom(seed);
  }

  /** Begins a trouble that ends by itself after a time, or when all is healed. */
  trouble(forMs: number, end: () => void): void {
    this.#begin(this.#troubles, { forMs, end });
  }

  /** A trouble of one table, which must not keep the rest of the world from being well. */
  suspension(forMs: number, end: () => void): void {
    this.#begin(this.#suspensions, { forMs, end });
  }

  /** Ends every trouble now, and what was about to strike does not. */
  heal(): void {
    this.isHealed = true;
    this.onCommitted = undefined;
    this.onBundle = undefined;
    for (const finish of [...this.#troubles, ...this.#suspensions]) finish();
  }

  /** What is not done yet. */
  describe(): string {
    const vehicles = this.vehicles.filter((one) => !one.isDrained()).map((one) => one.describe());
    const ingest = this.ingest.isThrough() ? [] : ["ingest has not read the log to its end"];
    const waiting = this.ingest.waiting === 0 ? [] : [`${this.ingest.waiting} batches wait for a table`];
    return [...vehicles, ...ingest, ...waiting].join("; ");
  }

  /** Whether nothing is under way any more and every answered frame has its verdict. */
  isDrained(): boolean {
    return this.ingest.isThrough() && this.ingest.waiting === 0 && this.vehicles.every((one) => one.isDrained());
  }

  /** What the checkers see every few seconds. */
  look(): void {
    this.#updateHealth();
    const view = this.#view();
    for (const check of this.#checks) this.#note(check, check.look?.(view));
  }

  /** What they see when all is over. */
  end(): void {
    this.look();
    const view = this.#view();
    for (const check of this.#checks) this.#note(check, check.end?.(view));
  }

  /** Something that must never happen did. */
  fail(invariant: string, text: string): void {
    this.violation ??= { invariant, text, atMs: this.time.nowMs };
  }

  #begin(set: Set<() => void>, { forMs, end }: { forMs: number; end: () => void }): void {
    const finish = () => {
      if (set.delete(finish)) end();
    };
    set.add(finish);
    this.time.set(forMs, finish);
  }

  #updateHealth(): void {
    const isWell = this.#troubles.size === 0 && this.ingest.isUp && this.relays.every(({ isUp }) => isUp) &&
      this.vehicles.every(({ isUp }) => isUp);
    this.#healthySinceMs = isWell ? this.#healthySinceMs ?? this.time.nowMs : undefined;
  }

  #note(check: Check, wrong: string | undefined | void): void {
    if (typeof wrong === "string") this.fail(check.name, wrong);
  }

  #view(): View {
    return {
      nowMs: this.time.nowMs,
      given: this.given,
      database: this.database,
      vehicles: () => this.vehicles.map((vehicle) => vehicle.view()),
      healthySinceMs: this.#healthySinceMs,
      isLogTrimmed: this.tally.of(trimmed) > 0,
      quarantined: () => this.#books.quarantined(),
      ledger: () => this.#books.ledger(),
    };
  }

  async #addVehicle(id: string, identities: Identities): Promise<void> {
    const machine = new Machine(this.time);
    const clock = new Life(machine);
    const random = this.random(`network ${id}`);
    const nodes = this.settings.relays.map((name) => `${name}.test`);
    const networks = nodes.map(() =>
      new VirtualNetwork({ clock, random, conditions: { delayMs: { min: 4, max: 20 } } })
    );
    this.networks.push(networks);
    this.vehicles.push(
      new Vehicle({
        id,
        machine,
        random: this.random(`vehicle ${id}`),
        credentials: await identities.of(id),
        networks: new Map(nodes.map((node, at) => [node, networks[at]])),
        ring: this.settings.ring,
        given: this.given,
        tally: this.tally,
        log: this.#logOf(id),
        plant: this.#plant,
        plantParts: this.#plantParts(`plant ${id}`),
        onAnswer: (answer) => this.#handleAnswer(answer),
        onBroken: (reason) => this.fail("an agent goes on", `agent of "${id}" ended by itself: ${reason}`),
      }),
    );
  }

  #addRelays(identities: Identities): void {
    this.settings.relays.forEach((name, at) => {
      const wires = this.#makeWires(name);
      this.wires.push(wires);
      const parts = this.#plantParts(`plant ${name}`);
      this.relays.push(
        new RelayNode({
          name,
          node: `${name}.test`,
          machine: new Machine(this.time),
          random: this.random(`relay ${name}`),
          identities,
          networks: this.networks.map((ofVehicle) => ofVehicle[at]),
          log: this.#logOf(name),
          backbone: (life, run) => {
            const onBundle = (bytes: Uint8Array) => this.onBundle?.(bytes) ?? bytes;
            const onConfirmed = (sequence: number) =>
              this.#checks.forEach((check) => check.handleConfirmed?.(sequence));
            const hearing = { onBundle, onConfirmed };
            const made = simBackbone({ life, hub: this.hub, ...wires, name: `${name}.0`, run, ...hearing });
            return this.#plant?.backbone?.(made, { ...parts, life }) ?? made;
          },
        }),
      );
    });
  }

  #makeWires(name: string): RelayWires {
    const events = {
      lost: () => this.tally.add("backbone messages lost"),
      doubled: () => this.tally.add("backbone messages doubled"),
    };
    const wire = (way: string, isOrdered: boolean) =>
      new Wire(this.time, { random: this.random(`${way} ${name}`), events, isOrdered });
    return { up: wire("up", false), down: wire("down", true) };
  }

  #makeIngest({ checkChain }: Identities): IngestNode {
    const { settings } = this;
    return new IngestNode({
      machine: new Machine(this.time),
      hub: this.hub,
      checkChain,
      kind: settings.store,
      partitions: [...new Set(settings.vehicles.map((id) => partitionOf(parseVehicleId(id))))],
      log: this.#logOf("ingest"),
      tally: this.tally,
      plant: this.#plant,
      plantParts: this.#plantParts("plant ingest"),
      backend: (life) =>
        memoryBackend({
          life,
          database: this.database,
          conditions: this.storeConditions,
          random: this.random("store"),
          events: this.#storeEvents(),
        }),
      onNotice: (notice) => this.#handleNotice(notice),
      onAnswer: (vehicle, { committed, quarantined, resend }) => {
        for (const told of toldOf(vehicle, { committed, quarantined }, "answer")) this.#handleTold(told);
        for (const asked of toldOf(vehicle, { committed: resend, quarantined: [] }, "answer")) {
          this.tally.add("ranges asked for again");
          for (const check of this.#checks) check.handleAskedAgain?.(asked);
        }
      },
    });
  }

  #plantParts(name: string) {
    const { settings: { vehicles } } = this;
    return { random: this.random(name), hub: this.hub, vehicles };
  }

  #storeEvents() {
    return {
      failed: () => this.tally.add("store calls failed"),
      unanswered: () => this.tally.add("commits carried out and not answered"),
      refused: () => this.tally.add("commits refused for poison"),
      suspended: () => this.tally.add("commits into suspended tables"),
      committed: () => this.onCommitted?.(),
    };
  }

  #hubEvents() {
    return {
      placed: (message: Placed) => this.#handlePlaced(message),
      repeatRecognized: () => this.tally.add("publishes recognised as repeats"),
      trimmed: () => this.tally.add(trimmed),
      stalled: () => this.tally.add("calls that met a stalled hub"),
    };
  }

  #handlePlaced({ bytes, lane, sequence }: Placed): void {
    this.tally.add("messages in the log");
    for (const item of readBundle(bytes)) {
      if (item.kind !== "batch") continue;
      const { vehicle, sessionSecret } = item.header;
      const { epoch, class: number, first, last } = readBatchHeader(item.batch);
      const session = sessionIdOf(sessionSecret).toHex();
      const batch = { vehicle, session, epoch, class: classes[number], first, last, lane, sequence };
      for (const check of this.#checks) this.#note(check, check.handleLogged?.(batch));
    }
  }

  #handleAnswer(answer: Answer): void {
    this.tally.add("frames answered durable", answer.frames.length);
    const twice = this.given.answer(answer);
    for (const check of this.#checks) {
      this.#note(check, check.handleAnswer?.(answer));
      if (twice !== undefined) this.#note(check, check.handleSeqTwice?.(answer, twice));
    }
  }

  #handleNotice({ entries, passed }: VerdictNotice): void {
    if (passed !== undefined) {
      const places = { live: Number(passed.live), backfill: Number(passed.backfill) };
      for (const check of this.#checks) check.handlePassed?.(places);
    }
    for (const entry of entries) for (const told of toldOf(entry.vehicleId, entry, "notice")) this.#handleTold(told);
  }

  #handleTold(told: Told): void {
    const view = this.#view();
    for (const check of this.#checks) this.#note(check, check.handleTold?.(told, view));
  }

  #logOf(who: string): Log {
    const line = (level: string) => (message: string, fields: object = {}) => {
      this.story.tell(`${who}: ${level} ${message} ${Object.values(fields).map(String).join(" ")}`);
    };
    const fail = (message: string, fields: object = {}) => {
      this.tally.add(`errors logged by ${who.replace(/-\d+$/, "")}: ${message}`);
      line("ERROR")(message, fields);
    };
    return { debug: () => {}, info: line(""), warn: line("warn"), error: fail };
  }
}

function* toldOf(
  vehicle: string,
  lists: { readonly committed: readonly ClassRanges[]; readonly quarantined: readonly ClassRanges[] },
  by: Told["by"],
): Iterable<Told> {
  for (const kind of ["committed", "quarantined"] as const) {
    for (const { epoch, class: number, ranges } of lists[kind]) {
      if (ranges.length === 0) continue;
      const numbers = ranges.map(({ first, last }) => ({ first: Number(first), last: Number(last) }));
      yield { vehicle, epoch: parseEpoch(epoch), class: classes[number], ranges: normalize(numbers), kind, by };
    }
  }
}
