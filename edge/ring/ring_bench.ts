/**
 * The ring beside node:sqlite on this machine's disk, goals.md P8: `deno run -A edge/ring/ring_bench.ts`. Both write
 * the same frames of 20 numbers, checksummed by the ring, durable when counted; rounds alternate.
 */
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "#proto/ports.ts";
import { parseStream } from "#proto/ids.ts";
import { makeShape } from "#proto/shape.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { systemClock } from "#proto/io/clock.ts";
import { openDisk } from "../io/disk.ts";
import { type NewFrame, openRing, type Ring } from "./ring.ts";
import { silent } from "./testing/rig.ts";

const fields = Array.from({ length: 20 }, (_, i) => ({ name: `signal_${i}`, type: "f64" as const }));
const shape = makeShape(parseStream("telemetry"), fields);
const rounds = 5;
/** Frames that wait for their answers at a time, one a call and many a call. */
const waitingMax = { single: 1_024, bulk: 16_000 };

/** A frame of numbers alone, which both sides take as it is. */
interface NumberFrame extends NewFrame {
  readonly values: readonly number[];
}

/** A frame like no other. */
function frameOf(number: number): NumberFrame {
  return { ts: BigInt(number) * 1_000_000n, shape, values: fields.map((_, i) => Math.sin(number + i) * 100) };
}

interface Figure {
  readonly framesPerCpuSecond: number;
  readonly framesPerSecond: number;
}

async function measure(frames: number, work: () => Promise<void> | void): Promise<Figure> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { framesPerCpuSecond: frames / ((user + system) / 1e6), framesPerSecond: frames / seconds };
}

async function ringAppends(
  ring: Ring,
  frames: readonly NewFrame[],
  { clock, together, waiting }: { clock: Clock; together: number; waiting: number },
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (let at = 0; at < frames.length; at += together) {
    pending.push(ring.append("normal", frames.slice(at, at + together)));
    if (pending.length * together >= waiting) await Promise.all(pending.splice(0));
  }
  await Promise.all(pending);
  // A disk that takes its time has some answered before they are durable.
  while (ring.stats().buffered > 0) await clock.after(1);
}

function openSqlite(path: string) {
  const base = new DatabaseSync(path);
  const columns = fields.map(({ name }) => `${name} real`).join(", ");
  base.exec(`pragma journal_mode = wal; pragma synchronous = full; create table f (ts integer, ${columns})`);
  const insert = base.prepare(`insert into f values (?, ${fields.map(() => "?").join(", ")})`);
  return { base, insert: ({ ts, values }: NumberFrame) => insert.run(ts, ...values) };
}

function sqliteTransactions(sqlite: ReturnType<typeof openSqlite>, frames: readonly NumberFrame[]): void {
  for (let from = 0; from < frames.length; from += 1000) {
    sqlite.base.exec("begin");
    frames.slice(from, from + 1000).forEach(sqlite.insert);
    sqlite.base.exec("commit");
  }
}

/** Posts arrive at a steady 1,000 a second, whatever became of the ones before. */
async function latencies(ring: Ring, options: { clock: Clock; seconds: number }): Promise<number[]> {
  const { clock, seconds } = options;
  const taken: number[] = [];
  const pending: Promise<void>[] = [];
  const begin = performance.now();
  for (let sent = 0; sent < seconds * 1000;) {
    for (; sent < (performance.now() - begin) && sent < seconds * 1000; sent++) {
      const at = performance.now();
      pending.push(ring.append("normal", [frameOf(sent)]).then(() => void taken.push(performance.now() - at)));
    }
    await clock.after(1);
  }
  await Promise.all(pending);
  return taken.sort((a, b) => a - b);
}

async function bareSyncs(path: string): Promise<number[]> {
  const file = await Deno.open(`${path}/bare`, { create: true, read: true, write: true });
  await file.write(new Uint8Array(1 << 20));
  await file.syncData();
  const taken: number[] = [];
  for (let i = 0; i < 500; i++) {
    await file.seek(i * 256, Deno.SeekMode.Start);
    const begin = performance.now();
    await file.write(new Uint8Array(256));
    await file.syncData();
    taken.push(performance.now() - begin);
  }
  file.close();
  return taken.sort((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): string {
  return `${sorted[Math.floor(sorted.length * share)].toFixed(2)} ms`;
}

function show(name: string, figures: readonly Figure[]): number {
  const best = figures.map(({ framesPerCpuSecond }) => framesPerCpuSecond).sort((a, b) => a - b);
  const wall = figures.map(({ framesPerSecond }) => framesPerSecond).sort((a, b) => a - b);
  const [low, middle, high] = [best[0], best[best.length >> 1], best[best.length - 1]].map(Math.round);
  console.log(`${name.padEnd(34)} ${middle} frames/CPU-s (${low} to ${high}), ${Math.round(wall[wall.length >> 1])}/s`);
  return middle;
}

async function main(): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "systemscale-ring-bench-" });
  const clock = systemClock();
  const options = { clock, random: seededRandom(1), log: silent, boot: new Uint8Array(16) };
  const disk = await openDisk(`${path}/ring`);
  const ring = await openRing({
    ...options,
    disk,
    bytesMax: 256 << 20,
    whenFull: "overwrite",
    clockSynchronized: true,
  });
  const sqlite = openSqlite(`${path}/sqlite`);
  const many = Array.from({ length: 50_000 }, (_, i) => frameOf(i));
  const few = many.slice(0, 500);
  const works = {
    single: {
      frames: many.length,
      work: () => ringAppends(ring, many, { clock, together: 1, waiting: waitingMax.single }),
    },
    sqliteSingle: { frames: few.length, work: () => few.forEach(sqlite.insert) },
    bulk: {
      frames: many.length,
      work: () => ringAppends(ring, many, { clock, together: 1000, waiting: waitingMax.bulk }),
    },
    sqliteBulk: { frames: many.length, work: () => sqliteTransactions(sqlite, many) },
  };
  const results = { single: [], sqliteSingle: [], bulk: [], sqliteBulk: [] } as Record<keyof typeof works, Figure[]>;
  const names = Object.keys(works) as (keyof typeof works)[];
  // Not counted: the first rounds, in which code is compiled and files grow.
  for (const name of [...names, ...names]) await works[name].work();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await measure(works[name].frames, works[name].work));
  }
  console.log(
    `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${rounds} rounds, 20 doubles a frame`,
  );
  const single = show("ring, one a call, 1,024 waiting", results.single);
  const sqliteSingle = show("sqlite WAL FULL, one a commit", results.sqliteSingle);
  const bulk = show("ring, 1,000 frames a call", results.bulk);
  const sqliteBulk = show("sqlite WAL FULL, 1,000 a commit", results.sqliteBulk);
  console.log(`ring / sqlite: ${(single / sqliteSingle).toFixed(1)}x single, ${(bulk / sqliteBulk).toFixed(2)}x bulk`);
  const bare = await bareSyncs(path);
  const posts = await latencies(ring, { clock, seconds: 5 });
  console.log(`bare 256 B write + fdatasync: p50 ${at(bare, 0.5)}, p99 ${at(bare, 0.99)}`);
  console.log(`1,000 posts/s answered: p50 ${at(posts, 0.5)}, p99 ${at(posts, 0.99)}, most ${at(posts, 0.9999)}`);
  await ring.close();
  sqlite.base.close();
  await Deno.remove(path, { recursive: true });
}

await main();
