/**
 * Cuts the power under the store: a whole system with QuestDB as the store, in its lazy commit mode, on a file system that
 * stops at a random moment, while log, ingest, relay and agent live on. When QuestDB is back, ingest must bring again
 * from the log what was lost: in the end everything that ever had the verdict `committed` is there, once.
 *
 * QuestDB syncs nothing by itself, so a cut tears what is young. It goes back to the checkpoint that its own program holds,
 * and ingest brings what is younger: see deploy/questdb.
 */
import { join } from "node:path";
import { prepareStart } from "#cloud/checkpoint/around_run.ts";
import { askForRestore, markFileIn } from "#cloud/checkpoint/io/mark_file.ts";
import type { MarkFile } from "#cloud/checkpoint/ports.ts";
import { processClock } from "#proto/io/clock.ts";
import { writeConfigs } from "../../dev/configs.ts";
import { type Keeper, keepUnits } from "../../dev/keeper.ts";
import type { Layout } from "../../dev/layout.ts";
import { writeRecord } from "../../dev/leftovers.ts";
import { ensureSecrets } from "../../dev/secrets.ts";
import { type Unit, unitsOf } from "../../dev/units.ts";
import { freeLayout } from "../../e2e/harness.ts";
import { AgentApi } from "../../replay/agent_api.ts";
import { percentilesOf, percentilesText } from "../../bench/percentiles.ts";
import { type Child, startChild, tailOf } from "../../servers/child.ts";
import { obtainNatsServer } from "../../servers/nats_binary.ts";
import { obtainQuestDb } from "../../servers/questdb_files.ts";
import { run } from "../../servers/run.ts";
import { waitFor } from "../../servers/wait.ts";
import { type LoopDisk, makeLoopDisk, runningName } from "../loop_disk.ts";
import { CommittedTraffic } from "./committed_traffic.ts";
import type { CutOptions, CutResult } from "./cuts.ts";
import type { Promises } from "./promises.ts";
import { readRows } from "./questdb_rows.ts";

/** A hundred cuts with growth leave tables of 10 GB behind, and a checkpoint keeps what was merged meanwhile. */
const diskBytes = 24 * 2 ** 30;
const vehicle = "drone-001";
const streams = ["power_a", "power_b", "power_c"];
/** A cut has at least so many frames to lose that were committed since the one before, */
const atStake = 30;
/** and falls so long after that. */
const cutAfterMs = { min: 0, max: 5_500 };
const agentPatienceMs = 20_000;
const readyMs = 60_000;
/** A checkpoint takes longer the more tables there are, and each cut may bring one. */
const heldMs = 180_000;
/** What is missing after a cut counts as lost when so long nothing of it came back. */
const healPatienceMs = 60_000;
const lookIntervalMs = 1_000;
/** Checkpoints come often here, or most of the time would go by waiting for one. */
const checkpointSeconds = 10;
/** A checkpoint that is so much younger has ingest's places in it too, so that not all of the log is read again. */
const flushedMs = 6_000;

/** What is done besides. */
export interface QuestDbCutOptions extends CutOptions {
  /** A new stream, and a new field of all streams, appear shortly before each cut. */
  readonly growth?: boolean;
  /** No checkpoint is held that QuestDB could go back to: shows what a cut does to it then. */
  readonly bare?: boolean;
}

/** Cuts under a system of its own, which is removed whatever happens. */
export async function cutQuestDb(options: QuestDbCutOptions): Promise<CutResult> {
  const disk = await makeLoopDisk({ bytes: diskBytes, at: "state/questdb" });
  let rig: QuestDbRig | undefined;
  try {
    rig = await makeRig(disk, options);
    await rig.start();
    return await cutOften(rig, options);
  } finally {
    await rig?.end();
    await disk.remove();
  }
}

async function cutOften(rig: QuestDbRig, options: QuestDbCutOptions): Promise<CutResult> {
  let cuts = 0;
  const result = () => ({ cuts, promises: rig.promises, notes: rig.notes });
  while (cuts < options.cuts && options.signal?.aborted !== true) {
    await rig.cutOnce();
    cuts++;
    options.onCut?.(result());
  }
  return result();
}

async function makeRig(disk: LoopDisk, options: QuestDbCutOptions): Promise<QuestDbRig> {
  const layout = await freeLayout({ store: "questdb", state: join(disk.folder, "state") });
  const passwords = await ensureSecrets(layout.state);
  await writeConfigs(layout, passwords);
  const natsServer = await obtainNatsServer(() => {});
  const questDb = await obtainQuestDb(() => {});
  const units = unitsOf(layout, { natsServer, questDb, passwords }).map((unit) =>
    unit.plan.name === "checkpoint" ? withArgs(unit, ["--every", String(checkpointSeconds)]) : unit
  );
  return new QuestDbRig(disk, { layout, units, options });
}

function withArgs(unit: Unit, args: readonly string[]): Unit {
  return { ...unit, plan: { ...unit.plan, args: [...unit.plan.args, ...args] } };
}

interface RigParts {
  readonly layout: Layout;
  readonly units: readonly Unit[];
  readonly options: QuestDbCutOptions;
}

class QuestDbRig {
  readonly #traffic: CommittedTraffic;
  /** Committed and not shown at the first look after each cut; milliseconds to a store that answers, and to a whole one. */
  readonly #missing: number[] = [];
  readonly #readyMs: number[] = [];
  readonly #wholeMs: number[] = [];
  readonly #faults: string[] = [];
  readonly #disk: LoopDisk;
  readonly #layout: Layout;
  readonly #options: QuestDbCutOptions;
  readonly #units: readonly Unit[];
  readonly #keepers: Keeper[] = [];
  readonly #children = new Map<string, Child>();
  #round = 0;

  constructor(disk: LoopDisk, { layout, units, options }: RigParts) {
    this.#options = options;
    this.#disk = disk;
    this.#layout = layout;
    this.#units = units;
    const api = new AgentApi(`http://127.0.0.1:${layout.ports.sdk}`, { patienceMs: agentPatienceMs });
    this.#traffic = new CommittedTraffic({ api, clock: processClock() }, streams);
  }

  get promises(): Promises {
    return this.#traffic.promises;
  }

  get notes(): string[] {
    const missing = this.#missing.reduce((sum, count) => sum + count, 0);
    return [
      `after the cuts ${missing} rows that were committed were missing at first`,
      `until QuestDB answered: ${percentilesText(percentilesOf(this.#readyMs), 0)}`,
      `from then on until all was there: ${percentilesText(percentilesOf(this.#wholeMs), 0)}`,
      ...this.#faults,
      ...(this.#traffic.fault === undefined ? [] : [this.#traffic.fault]),
    ];
  }

  async start(): Promise<void> {
    await this.#keep(["hub", "leaf"]);
    await this.#startUnit("questdb");
    // What it unpacks at its very first start is no matter of telemetry.
    await run("sync", ["-f", this.#disk.mountPoint]);
    await this.#startUnit("cloud");
    await this.#keep(["relay", `agent-${vehicle}`]);
    this.#traffic.start();
    await this.#traffic.committed(atStake);
    if (this.#options.bare !== true) await this.#keep(["checkpoint"]);
    await this.#protected();
  }

  async cutOnce(): Promise<void> {
    this.#round++;
    if (this.#options.growth === true) this.#traffic.grow(this.#round);
    await this.#traffic.committed(atStake);
    await pause(cutAfterMs.min + Math.random() * (cutAfterMs.max - cutAfterMs.min));
    await this.#untilNotMaking();
    this.#disk.cut();
    await this.#kill("questdb");
    await this.#disk.remount();
    await this.#bootAgain();
    const begin = performance.now();
    await this.#startUnit("questdb");
    this.#readyMs.push(performance.now() - begin);
    await this.#heal();
    await this.#protected();
  }

  async end(): Promise<void> {
    await this.#traffic.stop();
    for (const keeper of this.#keepers.reverse()) await keeper.stop();
    await this.#kill("cloud");
    await this.#kill("questdb");
  }

  async #keep(names: readonly string[]): Promise<void> {
    const units = this.#units.filter(({ plan }) => names.includes(plan.name));
    const file = join(this.#disk.folder, runningName);
    const onStarted = (started: Keeper) => {
      const children = [...this.#keepers, started].flatMap((keeper) => keeper.pids());
      writeRecord(file, { supervisor: Deno.pid, children });
    };
    this.#keepers.push(await keepUnits(units, { say: (line) => console.log(line), onStarted }));
  }

  /** Waits until a checkpoint is held that has in it what is committed now. */
  async #protected(): Promise<void> {
    if (this.#options.bare === true) return;
    await this.#heldSince(Date.now() + flushedMs);
  }

  async #heldSince(sinceMs: number): Promise<void> {
    const held = async () => {
      const mark = await this.#mark.read();
      return mark?.state === "held" && Date.parse(mark.startedAt) > sinceMs || undefined;
    };
    await waitFor("a checkpoint to be held", held, { timeoutMs: heldMs }).catch(async (error) => {
      throw new Error(`${error.message}:\n${await tailOf(this.#unitOf("checkpoint").plan.logFile)}`, { cause: error });
    });
  }

  /** A cut in the moment between two checkpoints goes unprotected: that is known, and not what is asked here. */
  async #untilNotMaking(): Promise<void> {
    if (this.#options.bare === true) return;
    await this.#heldSince(0);
  }

  /** What is done at the start of a machine before QuestDB starts. */
  async #bootAgain(): Promise<void> {
    if (this.#options.bare === true) return;
    const restore = () => askForRestore(this.#disk.mountPoint);
    const start = await prepareStart({ mark: this.#mark, boot: `after cut ${this.#round}`, restore });
    if (start !== "restore") this.#faults.push(`round ${this.#round}: ${start}`);
  }

  /** Starts one process that the rig itself ends. */
  async #startUnit(name: string): Promise<void> {
    const unit = this.#unitOf(name);
    this.#children.set(name, startChild(unit.plan));
    await waitFor(`${name} to be well`, async () => await unit.ready() || undefined, { timeoutMs: readyMs }).catch(
      async (error) => {
        throw new Error(`${error.message}:\n${await tailOf(unit.plan.logFile)}`, { cause: error });
      },
    );
  }

  #unitOf(name: string): Unit {
    const unit = this.#units.find(({ plan }) => plan.name === name);
    if (unit === undefined) throw new Error(`Cannot cut: the layout has no ${name}`);
    return unit;
  }

  async #kill(name: string): Promise<void> {
    this.#children.get(name)?.kill("SIGKILL");
    await this.#children.get(name)?.ended;
    this.#children.delete(name);
  }

  /** Waits until all that was committed is shown, and judges what is shown then. */
  async #heal(): Promise<void> {
    const begin = performance.now();
    const promised = this.promises.positions();
    let [least, leastAt] = [Infinity, begin];
    for (let look = 1;; look++) {
      const { shown, doubled, faults } = await readRows(this.#url, this.#traffic.streams);
      // Asked to end, it may have lost its store to the same signal.
      if (this.#options.signal?.aborted === true) return;
      const missing = promised.filter(([series, seq]) => shown.get(series)?.get(seq) === undefined);
      if (look === 1) this.#missing.push(missing.length);
      if (missing.length < least) [least, leastAt] = [missing.length, performance.now()];
      if (missing.length > 0 && performance.now() - leastAt < healPatienceMs) {
        await pause(lookIntervalMs);
        continue;
      }
      this.#wholeMs.push(performance.now() - begin);
      this.#faults.push(...faults);
      this.promises.check(shown, promised);
      const strange = [...shown].flatMap(([series, rows]) =>
        [...rows].filter(([, number]) => !this.#traffic.hasPosted(number)).map(([seq]) => `${series} ${seq}`)
      );
      this.promises.wrong.push(...doubled.map((key) => `${key} is there twice`));
      this.promises.wrong.push(...strange.map((key) => `${key} was never posted`));
      return;
    }
  }

  get #mark(): MarkFile {
    return markFileIn(this.#disk.mountPoint);
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#layout.ports.questDb}`;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
