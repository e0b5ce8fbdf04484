/** Certificate and key on disk, to be read again and again while a program runs. */
import { readFile } from "node:fs/promises";
import type { CredentialSource } from "../base/credential_desk.ts";
import { Fault } from "../errors.ts";

/** Reads both files anew at each call; rejects with `bad_config` when one cannot be read. */
export function credentialFiles(paths: { readonly certificate: string; readonly key: string }): CredentialSource {
  return {
    read: async () => ({ certificatePem: await readText(paths.certificate), keyPem: await readText(paths.key) }),
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
