/** The files that a relay's configuration names. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Fault } from "#proto/errors.ts";
import { parseRelayConfig, type RelayConfig } from "../config.ts";

/** What stands in the files. */
export interface RelayFiles {
  readonly config: Readonly<RelayConfig>;
  readonly certPem: string;
  readonly keyPem: string;
  readonly vehicleRoots: readonly string[];
  readonly vehicleIssuers: readonly string[] | undefined;
  readonly natsPassword: string;
}

/** Reads the configuration and everything it names; throws `bad_config`. */
export async function readRelayFiles(file: string): Promise<RelayFiles> {
  const config = parseRelayConfig(await readText(file), file);
  const read = (name: string) => readText(resolve(dirname(file), name));
  const { vehicle_issuers: issuers, nats } = config;
  return {
    config,
    certPem: await read(config.certificate),
    keyPem: await read(config.key),
    vehicleRoots: await Promise.all(config.vehicle_roots.map(read)),
    vehicleIssuers: issuers === undefined ? undefined : await Promise.all(issuers.map(read)),
    natsPassword: nats.password ?? (await read(nats.password_file ?? "")).trim(),
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
