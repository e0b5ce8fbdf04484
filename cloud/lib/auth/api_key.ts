/**
 * API keys as text: `ssk_<id>_<secret>_<checksum>`, hex. The checksum lets a mistyped key, and scanners of code, be told
 * apart from a wrong one; only the secret's SHA-256 is kept anywhere. Pure.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { crc32c } from "#proto/crc32c.ts";

/** Random bytes of an id and of a secret. */
export const apiKeyRandomBytes = { id: 6, secret: 24 };

const pattern = /^ssk_([0-9a-f]{12})_([0-9a-f]{48})_([0-9a-f]{8})$/;

/** A key taken apart. */
export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

/** Makes the text of a key. */
export function apiKeyText({ id, secret }: ApiKey): string {
  return `ssk_${id}_${secret}_${checksumOf({ id, secret })}`;
}

/** Takes a key apart; undefined for a text that is none, or mistyped. */
export function parseApiKey(text: string): ApiKey | undefined {
  const [, id, secret, checksum] = pattern.exec(text) ?? [];
  return id !== undefined && checksum === checksumOf({ id, secret }) ? { id, secret } : undefined;
}

/** What is kept of a secret, hex. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether it is the secret of that hash, in a time that does not tell how much of it. */
export function isSecretOf(hash: string, secret: string): boolean {
  return timingSafeEqual(Uint8Array.fromHex(hash), createHash("sha256").update(secret).digest());
}

function checksumOf({ id, secret }: ApiKey): string {
  return crc32c(new TextEncoder().encode(`${id}_${secret}`)).toString(16).padStart(8, "0");
}
