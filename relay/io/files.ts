/** The files that a relay's configuration names. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import { Fault } from "#proto/errors.ts";
import { credentialFiles } from "#proto/io/credential_files.ts";
import { parseRelayConfig, type RelayConfig } from "../config.ts";
import type { CrlLocation } from "#proto/io/crl_source.ts";

/** What stands in the files. */
export interface RelayFiles {
  readonly config: Readonly<RelayConfig>;
  /** The node's TLS certificate and key. */
  readonly tls: CredentialFiles;
  /** Where these two lie. */
  readonly tlsPaths: { readonly certificate: string; readonly key: string };
  readonly vehicleRoots: readonly string[];
  readonly vehicleIssuers: readonly string[] | undefined;
  readonly natsPassword: string;
  /** Issuers' certificates (PEM) and where their lists are; undefined: revocation is off. */
  readonly crls: readonly { readonly issuerPem: string; readonly location: CrlLocation }[] | undefined;
}

/** Reads the configuration and everything it names; throws `bad_config`. */
export async function readRelayFiles(file: string): Promise<RelayFiles> {
  const config = parseRelayConfig(await readText(file), file);
  const at = (name: string) => resolve(dirname(file), name);
  const read = (name: string) => readText(at(name));
  const tlsPaths = { certificate: at(config.certificate), key: at(config.key) };
  const { vehicle_issuers: issuers, nats, revocation } = config;
  const listOf = async ({ issuer, url, file: list = "" }: NonNullable<typeof revocation>["crls"][number]) => {
    const location = url === undefined ? { file: at(list) } : { url };
    return { issuerPem: await read(issuer), location };
  };
  return {
    config,
    tls: await credentialFiles(tlsPaths).read(),
    tlsPaths,
    vehicleRoots: await Promise.all(config.vehicle_roots.map(read)),
    vehicleIssuers: issuers === undefined ? undefined : await Promise.all(issuers.map(read)),
    crls: revocation && await Promise.all(revocation.crls.map(listOf)),
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
