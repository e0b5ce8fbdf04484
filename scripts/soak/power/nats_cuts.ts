/**
 * Cuts the power under the log: a hub as deployed, with its store on a file system that stops at a random moment while
 * bundles and shapes are published. After the next mount and start everything that it acknowledged must be there.
 */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { Kvm } from "@nats-io/kv";
import { join } from "node:path";
import { setUpLog, setUpShapes } from "#cloud/ingest/io/log_setup.ts";
import { connectNats } from "#proto/io/nats.ts";
import { shapeBucket, telemetryStream, telemetrySubject } from "#proto/subjects.ts";
import { type Child, type ChildPlan, startChild, tailOf } from "../../servers/child.ts";
import { hubPlan, hubReady, type NatsOptions, newPasswords } from "../../servers/nats.ts";
import { obtainNatsServer } from "../../servers/nats_binary.ts";
import { freePorts } from "../../servers/ports.ts";
import { waitFor } from "../../servers/wait.ts";
import { type LoopDisk, makeLoopDisk } from "../loop_disk.ts";
import type { CutOptions, CutResult } from "./cuts.ts";
import type { Flaw } from "./flawed_disk.ts";
import { blobNumberOf, numberedBlob } from "./numbered_blob.ts";
import { Promises } from "./promises.ts";

const diskBytes = 1 << 30;
const readyMs = 20_000;
/** Part of the cuts that fall while the hub starts; the rest falls after so many acknowledgements. */
const cutWhileStarting = 0.15;
const cutAfterMsMax = 300;
const cutAfterAcknowledgedMax = 120;
/** Between the cut and the end of the server, which may see errors but must acknowledge nothing. */
const dyingMsMax = 20;
/** Publishers at a time; a bundle is as large as the relay's, a shape as a usual one. */
const publishers = 8;
const bundleBytesMax = 64 * 1024;
const shapeBytesMax = 2_000;
/** Of so many publishings one is a shape. */
const shapeEvery = 10;
/** What was acknowledged is looked for after so many more cuts, then no longer. */
const roundsKept = 3;
const publishTimeoutMs = 5_000;
/** Questions to the log under way at a time. */
const looksAtOnce = 32;

/** Cuts on a disk of its own, which is removed whatever happens. The one flaw of a hub is to sync now and then only. */
export async function cutNats(options: CutOptions): Promise<CutResult> {
  const disk = await makeLoopDisk({ bytes: diskBytes });
  let rig: NatsRig | undefined;
  try {
    rig = new NatsRig(disk, await hubPlanOn(disk, options.flaw));
    return await cutOften(rig, options);
  } finally {
    await rig?.kill();
    await disk.remove();
  }
}

async function cutOften(rig: NatsRig, options: CutOptions): Promise<CutResult> {
  let cuts = 0;
  const notes = () => [
    `${rig.whileStarting} cuts fell while the hub started`,
    `after its cut, on a disk that fails every sync, the hub acknowledged ${rig.afterwards.acknowledged} more, of which ` +
    `${rig.afterwards.lost.length} were not there later`,
  ];
  const result = () => ({ cuts, promises: rig.promises, notes: notes() });
  while (cuts < options.cuts && options.signal?.aborted !== true) {
    await rig.runRound();
    cuts++;
    options.onCut?.(result());
    if (options.flaw !== undefined && rig.promises.lost.length > 0) return result();
  }
  await rig.look();
  return result();
}

interface HubPlan {
  readonly options: NatsOptions;
  readonly plan: ChildPlan;
}

async function hubPlanOn({ folder, mountPoint }: LoopDisk, flaw: Flaw | undefined): Promise<HubPlan> {
  const [client, monitor, leaf] = freePorts(3);
  const options: NatsOptions = {
    binary: await obtainNatsServer(() => {}),
    ports: { client, monitor, leaf },
    passwords: newPasswords(),
    logFile: join(folder, "hub.log"),
  };
  const plan = hubPlan(join(mountPoint, "jetstream"), options);
  if (flaw === undefined) return { options, plan };
  const [, deployed] = plan.args;
  const flawed = join(folder, "flawed.conf");
  const text = await Deno.readTextFile(deployed);
  await Deno.writeTextFile(flawed, text.replace(/^ *sync_interval: always$/m, ""));
  return { options, plan: { ...plan, args: ["-c", flawed] } };
}

class NatsRig {
  /** Acknowledged before the cut. */
  readonly promises = new Promises();
  /** Acknowledged by a server that was still there when its file system was not: it did not heed failing syncs. */
  readonly afterwards = new Promises();
  whileStarting = 0;
  readonly #disk: LoopDisk;
  readonly #hub: HubPlan;
  #child: Child | undefined;
  #round = 0;
  #number = 1;

  constructor(disk: LoopDisk, hub: HubPlan) {
    this.#disk = disk;
    this.#hub = hub;
  }

  /** One start, look, publishing and cut. */
  async runRound(): Promise<void> {
    this.#start();
    if (this.#round > 0 && Math.random() < cutWhileStarting) {
      this.whileStarting++;
      await pause(Math.random() * cutAfterMsMax);
      await this.#cut();
    } else {
      await this.#connected(async (connection) => {
        await this.#check(connection);
        await this.#publishAndCut(connection);
      });
    }
    await this.#disk.remount();
    this.#round++;
  }

  /** Starts, looks for all that was acknowledged, and stops. */
  async look(): Promise<void> {
    this.#start();
    await this.#connected((connection) => this.#check(connection));
    await this.kill();
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.ended;
    this.#child = undefined;
  }

  #start(): void {
    this.#child = startChild(this.#hub.plan);
  }

  async #cut(): Promise<void> {
    this.#disk.cut();
    await pause(Math.random() * dyingMsMax);
    await this.kill();
  }

  async #connected(work: (connection: NatsConnection) => Promise<void>): Promise<void> {
    const { ports, passwords, logFile } = this.#hub.options;
    await waitFor("the hub to be ready", async () => await hubReady(ports.monitor) || undefined, {
      timeoutMs: readyMs,
      stepMs: 10,
    }).catch(async (error) => {
      throw new Error(`${error.message}:\n${await tailOf(logFile)}`, { cause: error });
    });
    const connection = await connectNats({
      servers: [`127.0.0.1:${ports.client}`],
      user: "admin",
      password: passwords.admin,
      name: "power rig",
      inboxPrefix: "_INBOX_rig",
    });
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  }

  async #check(connection: NatsConnection): Promise<void> {
    if (this.#round === 0) return;
    for (const promises of [this.promises, this.afterwards]) {
      promises.check(await shownOf(connection, promises.positions()));
      promises.forget((series) => roundOf(series) <= this.#round - roundsKept);
    }
  }

  async #publishAndCut(connection: NatsConnection): Promise<void> {
    const js = jetstream(connection, { timeout: publishTimeoutMs });
    await setUpLog(await jetstreamManager(connection));
    const shapes = await setUpShapes(js);
    const publish = async (number: number) => {
      if (number % shapeEvery === 0) {
        await shapes.put(shapeKey(number), numberedBlob(number, Math.random() * shapeBytesMax));
        return { series: `${this.#round} shapes`, first: number };
      }
      const bundle = numberedBlob(number, Math.random() ** 3 * bundleBytesMax);
      const { seq } = await js.publish(telemetrySubject("live", number % 32), bundle);
      return { series: `${this.#round} bundles`, first: seq };
    };
    const cutAfter = 1 + Math.floor(Math.random() * cutAfterAcknowledgedMax);
    const dead = Promise.withResolvers<void>();
    let acknowledged = 0;
    let [isCut, isDead] = [false, false];
    const publishOn = async () => {
      for (let number = this.#number++; !isDead; number = this.#number++) {
        const { series, first } = await publish(number);
        // A server on a disk that fails is another matter than one without power.
        (isCut ? this.afterwards : this.promises).acknowledge(series, { first, contents: [number] });
        if (++acknowledged !== cutAfter) continue;
        isCut = true;
        this.#cut().then(dead.resolve, dead.reject);
      }
    };
    // Before the cut nothing may fail; after it nobody is answered.
    const work = Promise.all(Array.from({ length: publishers }, publishOn));
    await Promise.race([dead.promise, work]);
    isDead = true;
    work.catch(() => undefined);
  }
}

function shapeKey(number: number): string {
  return `shape_${number}`;
}

function roundOf(series: string): number {
  return Number(series.split(" ")[0]);
}

/** Asks for all that was acknowledged, one by one. */
async function shownOf(
  connection: NatsConnection,
  positions: readonly (readonly [string, number])[],
): Promise<Map<string, Map<number, number>>> {
  const log = await jetstreamManager(connection);
  const shapes = await new Kvm(jetstream(connection)).open(shapeBucket, { allow_direct: true });
  // A cut may take whole streams from a hub that does not sync.
  const streams = await log.streams.names().next();
  const shown = new Map<string, Map<number, number>>();
  const look = async ([series, position]: readonly [string, number]) => {
    const isShape = series.endsWith("shapes");
    if (!streams.includes(isShape ? `KV_${shapeBucket}` : telemetryStream)) return;
    const bytes = isShape
      ? (await shapes.get(shapeKey(position)))?.value
      : (await log.direct.getMessage(telemetryStream, { seq: position }))?.data;
    if (bytes === undefined) return;
    const found = shown.get(series) ?? new Map<number, number>();
    shown.set(series, found.set(position, blobNumberOf(bytes)));
  };
  for (let at = 0; at < positions.length; at += looksAtOnce) {
    await Promise.all(positions.slice(at, at + looksAtOnce).map(look));
  }
  return shown;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
