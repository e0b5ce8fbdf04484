/** Makes, renews and revokes API keys. Their secrets leave this service once, in the answer that makes them. */
import { Fault } from "#proto/errors.ts";
import type { Clock, Random } from "#proto/ports.ts";
import { apiKeyRandomBytes, apiKeyText, secretHash } from "../lib/auth/api_key.ts";
import { type KeyRecord, keyText, readKey } from "../lib/auth/key_record.ts";
import type { KeyRing } from "../lib/auth/key_ring.ts";
import type { DocumentStore } from "../lib/documents/documents.ts";
import { keysMax } from "./limits.ts";

/** What {@link ApiKeys} works with. */
export interface ApiKeysParts {
  readonly documents: DocumentStore;
  readonly ring: KeyRing;
  readonly clock: Pick<Clock, "wallNs">;
  readonly random: Random;
}

/** What a key is to be. */
export interface KeyWish extends Pick<KeyRecord, "name" | "role" | "groups" | "createdBy"> {
  readonly days: number | undefined;
}

/** A key with its text, which is shown once. */
export interface MadeKey {
  readonly record: KeyRecord;
  readonly text: string;
}

const dayMs = 86_400_000;

/** See the head of this file. */
export class ApiKeys {
  readonly #parts: ApiKeysParts;

  constructor(parts: ApiKeysParts) {
    this.#parts = parts;
  }

  /** All, newest first. */
  list(): KeyRecord[] {
    return [...this.#parts.ring.keys].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  /** Makes a key. Faults: `too_many`, `unavailable`. */
  async make({ days, ...wish }: KeyWish): Promise<MadeKey> {
    if (this.list().filter(({ revokedAtMs }) => revokedAtMs === undefined).length >= keysMax) {
      throw new Fault("too_many", `Cannot make a key: ${keysMax} are in use`);
    }
    const [id, createdAtMs] = [this.#hex(apiKeyRandomBytes.id), this.#nowMs()];
    const expiresAtMs = days === undefined ? undefined : createdAtMs + days * dayMs;
    return await this.#keep({ ...wish, id, hash: "", createdAtMs, expiresAtMs });
  }

  /** Gives a key another secret: the old one is refused from then on. Faults: `not_found`, `wrong_state`, `unavailable`. */
  async rotate(id: string): Promise<MadeKey> {
    const record = await this.#find(id);
    if (record.revokedAtMs !== undefined) throw new Fault("wrong_state", `Cannot rotate key "${id}": it is revoked`);
    return await this.#keep(record);
  }

  /** Revokes a key, for good; harmless to repeat. Faults: `not_found`, `unavailable`. */
  async revoke(id: string): Promise<KeyRecord> {
    const record = await this.#find(id);
    if (record.revokedAtMs !== undefined) return record;
    const revoked = { ...record, revokedAtMs: this.#nowMs() };
    await this.#parts.documents.put(id, keyText(revoked));
    return revoked;
  }

  async #keep(record: KeyRecord): Promise<MadeKey> {
    const secret = this.#hex(apiKeyRandomBytes.secret);
    const made = { ...record, hash: secretHash(secret) };
    await this.#parts.documents.put(record.id, keyText(made));
    return { record: made, text: apiKeyText({ id: record.id, secret }) };
  }

  async #find(id: string): Promise<KeyRecord> {
    const document = await this.#parts.documents.read(id);
    if (document !== undefined) return readKey(document.text);
    throw new Fault("not_found", `Cannot find key "${id}": there is none`);
  }

  #hex(length: number): string {
    return this.#parts.random.bytes(length).toHex();
  }

  #nowMs(): number {
    return Number(this.#parts.clock.wallNs() / 1_000_000n);
  }
}
