/**
 * Real power cuts (goals.md R2): the file system under a process that writes stops at a random moment, and after the next
 * mount everything that was acknowledged must be there, with its content. See loop_disk.ts for what such a cut is.
 *
 *     deno task soak power --target ring [--cuts N] [--flaw no_sync|late_sync]
 *     deno task soak power --target nats [--cuts N] [--flaw no_sync]
 *     deno task soak power --target questdb [--cuts N] [--growth] [--bare]
 *
 * With a flaw, syncs are left out or come late, and the rig must find a loss. With growth, new tables and columns appear
 * shortly before each cut; bare, QuestDB has no checkpoint to go back to after a cut: see deploy/questdb.
 */
import { parseArgs } from "node:util";
import { machineText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { whyNoLoopDisk } from "../loop_disk.ts";
import { type CutResult, cutText } from "./cuts.ts";
import { type Flaw, flaws } from "./flawed_disk.ts";
import { cutNats } from "./nats_cuts.ts";
import { cutQuestDb, type QuestDbCutOptions } from "./questdb_cuts.ts";
import { cutRing } from "./ring_cuts.ts";

/** What can be cut, how often by default, and after how many cuts it tells. */
const targets: Readonly<Record<string, Target>> = {
  ring: { cuts: 2_000, tellEvery: 100, flaws, run: cutRing },
  nats: { cuts: 100, tellEvery: 10, flaws: ["no_sync"], run: cutNats },
  questdb: { cuts: 100, tellEvery: 1, flaws: [], run: cutQuestDb },
};

interface Target {
  readonly cuts: number;
  readonly tellEvery: number;
  readonly flaws: readonly Flaw[];
  run(options: QuestDbCutOptions): Promise<CutResult>;
}

/** Losses that are told one by one. */
const toldMax = 20;

Deno.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      cuts: { type: "string" },
      flaw: { type: "string" },
      growth: { type: "boolean" },
      bare: { type: "boolean" },
    },
  });
  const target = targets[values.target ?? ""];
  const flaw = target?.flaws.find((name) => name === values.flaw);
  if (target === undefined || flaw !== values.flaw) {
    const flawText = target === undefined ? "" : `, and no --flaw but ${target.flaws.join(" or ") || "none"}`;
    console.error(`Cannot cut: wanted --target ${Object.keys(targets).join("|")}${flawText}`);
    return 2;
  }
  const why = await whyNoLoopDisk();
  if (why !== undefined) {
    console.log(`Skipped: the power of a file system cannot be cut here, ${why}`);
    return 0;
  }
  console.log(machineText());
  const { result, seconds } = await cut(target, {
    cuts: values.cuts === undefined ? target.cuts : countOf(values.cuts),
    flaw,
    growth: values.growth,
    bare: values.bare,
  });
  tell(result, seconds);
  const { lost, wrong } = result.promises;
  return (flaw === undefined) === (lost.length + wrong.length === 0) ? 0 : 1;
}

async function cut(target: Target, options: QuestDbCutOptions): Promise<{ result: CutResult; seconds: number }> {
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  const stopping = new AbortController();
  // Asked to end, it takes its disk down in good order.
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, () => stopping.abort());
  const onCut = (done: CutResult) => {
    if (done.cuts % target.tellEvery === 0) console.log(`${seconds().toFixed(0).padStart(5)} s  ${cutText(done)}`);
  };
  const result = await target.run({ ...options, signal: stopping.signal, onCut });
  return { result, seconds: seconds() };
}

function tell(result: CutResult, seconds: number): void {
  const { lost, wrong } = result.promises;
  for (const each of lost.slice(0, toldMax)) console.log(`lost: ${each}`);
  for (const each of wrong.slice(0, toldMax)) console.log(`wrong: ${each}`);
  console.log(`${cutText(result)}; ${(60 * result.cuts / seconds).toFixed(0)} cuts a minute`);
  for (const note of result.notes) console.log(note);
}
