/** The files that the agent's configuration names. */
import { dirname, resolve } from "node:path";
import { Fault } from "#proto/errors.ts";
import { type AgentConfig, parseAgentConfig } from "../config.ts";

/** What stands in the files. */
export interface AgentFiles {
  readonly config: Readonly<AgentConfig>;
  /** The vehicle's certificate with its intermediates, PEM. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Where these two lie. */
  readonly credentialPaths: { readonly certificate: string; readonly key: string };
  /** Of the configuration's `renewal`; undefined when there is none. */
  readonly renewal: { readonly caUrl: string; readonly caRoot: string; readonly step: string } | undefined;
  /** What relays' certificates must descend from, PEM. */
  readonly relayRoots: readonly string[];
  /** Of the configuration's `commands`: PEM of the command root, and the journal's directory. */
  readonly commands: { readonly rootPem: string; readonly path: string } | undefined;
  /** The ring's directory; relative names count from the configuration's folder. */
  readonly ringPath: string;
}

/** Reads the configuration and everything it names; throws `bad_config`. At once, for nothing else can be done before. */
export function readAgentFiles(file: string): AgentFiles {
  const config = parseAgentConfig(readText(file), file);
  const at = (name: string) => resolve(dirname(file), name);
  const credentialPaths = { certificate: at(config.certificate), key: at(config.key) };
  const { renewal, commands } = config;
  return {
    config,
    credentialPaths,
    renewal: renewal && { caUrl: renewal.ca_url, caRoot: at(renewal.ca_root), step: renewal.step },
    commands: commands && { rootPem: readText(at(commands.root)), path: at(commands.path) },
    certificatePem: readText(credentialPaths.certificate),
    keyPem: readText(credentialPaths.key),
    relayRoots: config.roots.map((name) => readText(at(name))),
    ringPath: at(config.ring.path),
  };
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot read "${file}": ${reason}`, { cause });
  }
}
