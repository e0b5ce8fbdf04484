/**
 * Cuts the power under the agent's ring, again and again: a process opens the ring and appends, the file system under it
 * stops at a random moment, the process is killed, and the next one must find all that was acknowledged.
 */
import { fileURLToPath } from "node:url";
import { type LoopDisk, makeLoopDisk } from "../loop_disk.ts";
import type { Flaw } from "./flawed_disk.ts";
import type { CutOptions, CutResult } from "./cuts.ts";
import { Promises } from "./promises.ts";
import type { RingReport } from "./ring_report.ts";

const writer = fileURLToPath(new URL("./ring_process/main.ts", import.meta.url));
const diskBytes = 12 << 20;
/**
 * Part of the cuts that fall at any time from the moment the ring is about to be opened, and from the moment it is read;
 * the rest falls in the instant after an acknowledgement.
 */
const cutWhileOpening = 0.15;
const cutWhileAppending = 0.35;
const cutAfterMsMax = 100;
const cutAfterAcknowledgedMax = 40;
/** Between the cut and the end of the process, which may see errors but must acknowledge nothing. */
const dyingMsMax = 8;
/** A process that does nothing for so long has failed. */
const roundMsMax = 20_000;
/** Frames of different processes have different numbers. */
const numbersPerRound = 1_000_000;

/** Cuts on a disk of its own, which is removed whatever happens. */
export async function cutRing(options: CutOptions): Promise<CutResult> {
  const disk = await makeLoopDisk({ bytes: diskBytes });
  const promises = new Promises();
  let [cuts, whileOpening] = [0, 0];
  const result = () => ({ cuts, promises, notes: [`${whileOpening} cuts fell before the ring was open and read`] });
  try {
    while (cuts < options.cuts && options.signal?.aborted !== true) {
      const round = await runRound(disk, { number: cuts, promises, flaw: options.flaw });
      cuts++;
      if (!round.wasRead) whileOpening++;
      options.onCut?.(result());
      if (options.flaw !== undefined && promises.lost.length > 0) return result();
    }
    // The last cut's promises are looked at by one more process, which is left alone.
    await runRound(disk, { number: cuts, promises, flaw: options.flaw, isLast: true });
    return result();
  } finally {
    await disk.remove();
  }
}

interface RoundOptions {
  readonly number: number;
  readonly promises: Promises;
  readonly flaw?: Flaw;
  /** Only reads. */
  readonly isLast?: boolean;
}

/** One process from its start to its end, and the disk mounted anew behind it. */
async function runRound(disk: LoopDisk, options: RoundOptions): Promise<{ wasRead: boolean }> {
  const { number, promises, flaw, isLast = false } = options;
  const args = [disk.mountPoint, String(number * numbersPerRound), ...flaw === undefined ? [] : [flaw]];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", writer, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const log = new RoundLog(promises);
  const timeout = setTimeout(() => log.fail(`nothing was cut for ${roundMsMax} ms`), roundMsMax);
  const telling = (async () => {
    for await (const line of wholeLines(child.stdout)) log.handle(JSON.parse(line) as RingReport);
  })();
  try {
    await Promise.race([isLast ? log.read : cutPower(disk, log), log.failed]);
  } finally {
    clearTimeout(timeout);
    killIfThere(child);
    await Promise.all([telling, child.status]);
  }
  await child.stdin.close();
  await disk.remount();
  return { wasRead: log.wasRead };
}

function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** At a random moment. */
async function cutPower(disk: LoopDisk, log: RoundLog): Promise<void> {
  const choice = Math.random();
  if (choice < cutWhileOpening + cutWhileAppending) {
    await (choice < cutWhileOpening ? log.begun : log.read);
    await pause(Math.random() * cutAfterMsMax);
  } else {
    await log.acknowledged(1 + Math.floor(Math.random() * cutAfterAcknowledgedMax));
  }
  disk.cut();
  log.isCut = true;
  await pause(Math.random() * dyingMsMax);
}

/** What one process tells. */
class RoundLog {
  readonly #promises: Promises;
  readonly #shown = new Map<string, Map<number, number>>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #read = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #wanted: { count: number; resolve: () => void } | undefined;
  wasRead = false;
  isCut = false;
  #acknowledgements = 0;

  constructor(promises: Promises) {
    this.#promises = promises;
  }

  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  get read(): Promise<void> {
    return this.#read.promise;
  }

  /** Rejects when the process did what none may. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Resolves in the turn in which so many acknowledgements have come. */
  acknowledged(count: number): Promise<void> {
    return new Promise((resolve) => this.#wanted = { count, resolve });
  }

  fail(why: string): void {
    this.#failed.reject(new Error(`Cannot cut under the ring: ${why}`));
  }

  handle(report: RingReport): void {
    switch (report.kind) {
      case "begin":
        return this.#begun.resolve();
      case "held":
        return this.#show(report);
      case "wrong":
        this.#promises.wrong.push(report.what);
        return;
      case "gap":
        return this.#promises.excuse(`${report.epoch} ${report.class}`, report);
      case "read":
        // What is read of a dead disk says nothing: the next process tells.
        if (!this.isCut) this.#promises.check(this.#shown);
        this.#promises.forget((series) => report.settled.includes(series.split(" ")[0]));
        this.wasRead = true;
        return this.#read.resolve();
      case "failed":
        if (!this.isCut) this.fail(`it failed before, ${report.what}`);
        return;
      case "acknowledged":
        return this.#acknowledge(report);
    }
  }

  #show({ epoch, class: className, held }: Extract<RingReport, { kind: "held" }>): void {
    const series = `${epoch} ${className}`;
    const positions = this.#shown.get(series) ?? new Map<number, number>();
    this.#shown.set(series, positions);
    for (const [seq, number] of held) positions.set(seq, number);
  }

  #acknowledge({ epoch, class: className, first, numbers }: Extract<RingReport, { kind: "acknowledged" }>): void {
    this.#promises.acknowledge(`${epoch} ${className}`, { first, contents: numbers });
    this.#acknowledgements++;
    if (this.#wanted !== undefined && this.#acknowledgements >= this.#wanted.count) this.#wanted.resolve();
  }
}

/** Lines up to the last that is whole: what a killed process had not finished was not told. */
async function* wholeLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
