/** A vehicle: a machine with a disk, the real agent on it, and software that gives it frames. */
import type { Class } from "#proto/class.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Dialer, Link, Log } from "#proto/ports.ts";
import type { Shape } from "#proto/shape.ts";
import { type DiskCall, VirtualDisk } from "#proto/testing/disk.ts";
import type { VirtualNetwork } from "#proto/testing/link.ts";
import type { SeededRandom } from "#proto/testing/random.ts";
import { type Agent, type AgentOptions, startAgent } from "#edge/agent.ts";
import type { Place, RingOptions } from "#edge/ring/ring.ts";
import { Uplink } from "#edge/uplink/uplink.ts";
import type { VehicleView } from "./checks/check.ts";
import { poisonedShape, valuesOf } from "./frames.ts";
import type { Answer, Given } from "./given.ts";
import type { Credentials } from "./identities.ts";
import { Life, Machine } from "./machine.ts";
import type { Plant, PlantParts } from "./plant.ts";
import type { Tally } from "./tally.ts";

/** What is wrong with a disk. May be changed at any time. */
export interface DiskTrouble {
  syncMs: { min: number; max: number };
  /** Part of the calls that fail; of those that read, too, or only of those that write. */
  failing: number;
  isReadable: boolean;
}

/** What a {@link Vehicle} is made of. */
export interface VehicleOptions {
  readonly id: string;
  readonly machine: Machine;
  readonly random: SeededRandom;
  readonly credentials: Credentials;
  /** The way to each relay, by the relay's node. */
  readonly networks: ReadonlyMap<string, VirtualNetwork>;
  readonly ring: { readonly bytesMax: number; readonly segmentBytes: number };
  readonly given: Given;
  readonly tally: Tally;
  readonly log: Log;
  readonly plant: Plant | undefined;
  readonly plantParts: Omit<PlantParts, "life">;
  readonly onAnswer: (answer: Answer) => void;
  /** The agent has ended although nobody asked it to. */
  readonly onBroken: (reason: string) => void;
}

type RingSettings = AgentOptions["ring"] & Pick<RingOptions, "segmentBytes">;

/** Pause before an agent that could not start is started again. */
const restartMs = 1_000;
/** Calls of a disk that can fail. */
const failingVerbs: ReadonlySet<string> = new Set(
  ["list", "open", "read", "write", "sync", "allocate", "truncate", "rename", "remove", "syncDirectory"],
);
const readingVerbs: ReadonlySet<string> = new Set(["list", "open", "read"]);

/** See the head of this file. */
export class Vehicle {
  readonly id: VehicleId;
  readonly machine: Machine;
  readonly trouble: DiskTrouble = { syncMs: { min: 0.5, max: 4 }, failing: 0, isReadable: true };
  /** Whether the kernel says that its clock is right. */
  isSynchronized = true;
  agent: Agent | undefined;
  readonly #options: VehicleOptions;
  #disk: VirtualDisk;
  #life: Life;
  #peakBytes = 0;
  #hasLost = false;
  #hadReadFaults = false;
  /** Appends without an answer: when each was given. */
  readonly #open = new Set<{ sinceMs: number }>();

  constructor(options: VehicleOptions) {
    this.#options = options;
    this.id = parseVehicleId(options.id);
    this.machine = options.machine;
    this.#disk = new VirtualDisk(options.random);
    this.#life = new Life(options.machine);
    this.#life.end();
  }

  get isUp(): boolean {
    return this.agent !== undefined && !this.machine.isAsleep;
  }

  get disk(): VirtualDisk {
    return this.#disk;
  }

  /** Switches on, or starts the agent again, unless it runs already. */
  start(): void {
    if (!this.#life.isOver) return;
    this.#use(this.#disk.kill());
    this.#life = new Life(this.machine);
    const life = this.#life;
    startAgent(this.#agentOptions(life)).then(
      (agent) => this.#handleStarted(agent, life),
      (thrown) => this.#handleNotStarted(thrown, life),
    );
  }

  /** Kills the agent. */
  kill(): void {
    this.#end();
    this.#use(this.#disk.kill());
  }

  /** Cuts the power of the whole vehicle; {@link start} comes later. */
  powerCut(): void {
    this.#end();
    this.#use(this.#disk.powerCut());
  }

  /** After a power cut the machine's uptime begins anew. */
  boot(): void {
    this.machine.bootedAtMs = this.machine.time.nowMs;
    this.start();
  }

  /** Gives frames of one class, if the agent runs. */
  give(className: Class, shapesGiven: readonly Shape[]): void {
    const { agent } = this;
    if (agent === undefined || this.machine.isAsleep) return;
    const life = this.#life;
    const { given, tally } = this.#options;
    const frames = shapesGiven.map((shape) => {
      const isPoisoned = shape === poisonedShape;
      return given.add({ vehicle: this.id, class: className, ts: agent.nowNs(), shape, isPoisoned });
    });
    const open = { sinceMs: this.machine.time.nowMs };
    this.#open.add(open);
    const news = frames.map(({ ts, shape, number }) => ({ ts, shape, values: valuesOf(number, shape) }));
    tally.add("frames given", frames.length);
    agent.take(className, news).then((place) => {
      if (life.isOver) return;
      this.#open.delete(open);
      if (!isDurable(place)) return tally.add("frames answered buffered", frames.length);
      const { epoch, first } = place;
      const atMs = this.machine.time.nowMs;
      this.#options.onAnswer({ vehicle: this.id, class: className, epoch, first, frames, atMs });
    }, (thrown) => {
      if (life.isOver) return;
      this.#open.delete(open);
      tally.add(`frames refused: ${asFault(thrown).code}`, frames.length);
    });
  }

  /** Whether everything that was answered has a verdict and has left the agent's books. */
  isDrained(): boolean {
    if (this.agent === undefined || this.#open.size > 0) return false;
    const { unsettled, backlog } = this.agent.status();
    return unsettled.length === 0 && backlog.records === 0;
  }

  /** What it still waits for, in words. */
  describe(): string {
    const status = this.agent?.status();
    if (status === undefined) return `"${this.id}" is down`;
    const { link, unsettled, backlog, ring } = status;
    const lines = unsettled.map(({ epoch, class: name, first, records }) =>
      `${records} of ${epoch}/${name} from ${first}`
    );
    return `"${this.id}" is ${link.state} (${link.reason ?? ""} ${
      link.detail ?? ""
    }), has ${this.#open.size} open appends, ` +
      `backlog ${backlog.records}, ring ${ring.fault?.message ?? "sound"}, unsettled: ${lines.join(", ")}`;
  }

  /** Lets the disk take so many bytes. */
  limitDisk(bytes: number): void {
    this.#disk.capacityBytes = bytes;
  }

  view(): VehicleView {
    const status = this.agent?.status();
    if (status !== undefined && status.gone.lost > 0) this.#hasLost = true;
    const [oldest] = this.#open;
    return {
      id: this.id,
      ringBytesMax: this.#options.ring.bytesMax,
      peakBytes: Math.max(this.#peakBytes, this.#disk.peakBytes),
      unsettled: status?.unsettled,
      hasLost: this.#hasLost,
      hadReadFaults: this.#hadReadFaults,
      openSinceMs: oldest?.sinceMs,
    };
  }

  /** Keeps an append's wait from counting while the machine sleeps. */
  forgiveWaits(): void {
    for (const open of this.#open) open.sinceMs = this.machine.time.nowMs;
  }

  #end(): void {
    if (this.agent !== undefined && this.agent.status().gone.lost > 0) this.#hasLost = true;
    this.#life.end();
    this.agent = undefined;
    this.#open.clear();
  }

  #use(disk: VirtualDisk): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.#disk.peakBytes);
    this.#disk = disk;
    disk.onCall = (call) => this.#handleDiskCall(call);
  }

  #handleDiskCall({ verb }: DiskCall): void | Promise<void> {
    const { random, tally } = this.#options;
    const { failing, isReadable, syncMs } = this.trouble;
    const mayFail = failing > 0 && failingVerbs.has(verb) && !(isReadable && readingVerbs.has(verb));
    if (mayFail && random.fraction() < failing) {
      tally.add(`disk failed: ${verb}`);
      if (readingVerbs.has(verb)) this.#hadReadFaults = true;
      throw new Fault("disk_failed", `Cannot ${verb}: input/output error`);
    }
    if (verb === "sync") return this.#life.after(syncMs.min + random.fraction() * (syncMs.max - syncMs.min));
  }

  #handleStarted(agent: Agent, life: Life): void {
    if (life.isOver) return;
    this.agent = agent;
    agent.ended.catch((thrown) => {
      if (!life.isOver) this.#options.onBroken(asFault(thrown).message);
    });
  }

  #handleNotStarted(thrown: unknown, life: Life): void {
    if (life.isOver) return;
    this.#options.tally.add(`agent starts failed: ${asFault(thrown).code}`);
    life.end();
    this.machine.time.set(restartMs, () => {
      if (this.#life === life) this.start();
    });
  }

  #agentOptions(life: Life): AgentOptions {
    const { credentials, random, ring, log, plant, plantParts, networks } = this.#options;
    const parts = { ...plantParts, life };
    const chance = plant?.random?.(random) ?? random;
    const dialer = this.#dialer(life);
    const chosen = plant?.dialer?.(dialer, parts) ?? dialer;
    const targets = {
      relays: [...networks.keys()].map((node) => ({ host: node, port: relayPort, node, trust: [] })),
      redirectDomains: [],
    };
    const settings: RingSettings = {
      ...ring,
      disk: plant?.disk?.(this.#disk, parts) ?? this.#disk,
      whenFull: "overwrite",
    };
    return {
      vehicleId: this.id,
      identity: { ...credentials, boot: random.bytes(16), agentVersion: "0.1.0" },
      openUplink: (needs) => Promise.resolve(new Uplink({ ...needs, targets, dialer: chosen })),
      ring: settings,
      clock: life,
      random: chance,
      log,
      clockSynchronized: () => this.isSynchronized,
    };
  }

  #dialer(life: Life): Dialer {
    const { networks } = this.#options;
    return {
      dial: async (target, signal) => {
        const network = networks.get(target.node);
        if (network === undefined) throw new Fault("link_dead", `Cannot dial "${target.node}": there is none`);
        const link = await network.dialer().dial(target, signal);
        if (life.isOver || life.machine.isAsleep) await life.awake();
        return awakeLink(link, life);
      },
    };
  }
}

/** An answer may say that the frames are only in memory as yet: nothing was promised then. */
function isDurable({ state }: Place & { readonly state?: string }): boolean {
  return state === undefined || state === "durable";
}

/** Port of every relay. */
export const relayPort = 443;

/** A link whose bytes reach the process only while its machine is awake and the process alive. */
function awakeLink(link: Link, life: Life): Link {
  return {
    peer: link.peer,
    transport: link.transport,
    ended: link.ended.then(async (end) => {
      await life.awake();
      return end;
    }),
    write: (lane, bytes) => link.write(lane, bytes),
    close: (end) => link.close(end),
    read: async (lane, into) => {
      const read = await link.read(lane, into);
      if (life.isOver || life.machine.isAsleep) await life.awake();
      return read;
    },
  };
}
