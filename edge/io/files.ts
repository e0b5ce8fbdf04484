/** The files that the agent's configuration names. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Fault } from "#proto/errors.ts";
import { type AgentConfig, parseAgentConfig } from "../config.ts";

/** What stands in the files. */
export interface AgentFiles {
  readonly config: Readonly<AgentConfig>;
  /** The vehicle's certificate with its intermediates, PEM. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** What relays' certificates must descend from, PEM. */
  readonly relayRoots: readonly string[];
  /** The ring's directory; relative names count from the configuration's folder. */
  readonly ringPath: string;
}

/** Reads the configuration and everything it names; throws `bad_config`. */
export async function readAgentFiles(file: string): Promise<AgentFiles> {
  const config = parseAgentConfig(await readText(file), file);
  const at = (name: string) => resolve(dirname(file), name);
  return {
    config,
    certificatePem: await readText(at(config.certificate)),
    keyPem: await readText(at(config.key)),
    relayRoots: await Promise.all(config.roots.map((name) => readText(at(name)))),
    ringPath: at(config.ring.path),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot read "${file}": ${reason}`, { cause });
  }
}
