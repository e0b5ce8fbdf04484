/**
 * Obtains step-ca, the certificate authority, and step, its command line: own cache, PATH, or a build with Go from the
 * module in scripts/tools, which pins the sources of both and of all that they use by checksum. Versions below 0.26 are
 * refused, as the deployment guide says.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache.ts";
import { type Attempt, obtain, type Say } from "./obtain.ts";
import { findOnPath, lastLineOf, run } from "./run.ts";

/** The version that is built; scripts/tools/go.mod pins the same. */
export const stepVersion = "0.30.2";

const packages = {
  "step-ca": "github.com/smallstep/certificates/cmd/step-ca",
  step: "github.com/smallstep/cli/cmd/step",
} as const;
type Program = keyof typeof packages;

/** Absolute paths of both programs. */
export interface StepBinaries {
  readonly stepCa: string;
  readonly step: string;
}

/** Obtains both; says what it does. */
export async function obtainStep(say: Say): Promise<StepBinaries> {
  return { stepCa: await obtainProgram("step-ca", say), step: await obtainProgram("step", say) };
}

/** Whether `step version` or `step-ca version` printed a version that we take. */
export function stepVersionFault(text: string): string | undefined {
  const match = /^Smallstep (?:CA|CLI)\/(\d+)\.(\d+)\.(\d+)/m.exec(text);
  if (match === null) return `no version in "${text.trim().slice(0, 80)}"`;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 0 || minor >= 26 ? undefined : `version ${match[0]} is older than 0.26`;
}

async function obtainProgram(program: Program, say: Say): Promise<string> {
  const folder = await cacheFolder(join("step", stepVersion));
  const cached = join(folder, program);
  return await obtain(program, [
    { name: "own cache", attempt: () => checked(cached) },
    { name: "found on PATH", attempt: () => checkedOnPath(program) },
    { name: `built with Go from ${stepVersion}`, attempt: () => buildWithGo(program, { into: cached, say }) },
  ], { say, advice: `Install Go 1.26, or put ${program} 0.26 or newer on the PATH` });
}

async function checked(path: string): Promise<Attempt> {
  const { ok, text } = await run(path, ["version"]);
  if (!ok) return { why: text.trim() };
  const why = stepVersionFault(text);
  return why === undefined ? { path } : { why };
}

async function checkedOnPath(program: Program): Promise<Attempt> {
  const path = await findOnPath(program);
  return path === undefined ? { why: "not there" } : await checked(path);
}

async function buildWithGo(program: Program, { into, say }: { into: string; say: Say }): Promise<Attempt> {
  say(`${program}: building ${stepVersion} with Go, some minutes the first time ...`);
  const module = fileURLToPath(new URL("../tools/", import.meta.url));
  const flags = ["-trimpath", "-buildvcs=false", "-ldflags", `-s -w -X main.Version=${stepVersion}`];
  // Hardware keys and TPMs need C libraries, which this machine may lack and a development CA does not use.
  const env = { CGO_ENABLED: "0" };
  const outcome = await run("go", ["-C", module, "build", ...flags, "-o", into, packages[program]], env);
  return outcome.ok ? await checked(into) : { why: lastLineOf(outcome) };
}
