/** An audit log in memory, which can be tampered with. */
import type { AuditStore, StoredEntry } from "../audit_log.ts";

/** See {@link AuditStore}. */
export class MemoryAudit implements AuditStore {
  entries: StoredEntry[] = [];

  last(): Promise<StoredEntry | undefined> {
    return Promise.resolve(this.entries.at(-1));
  }

  append(behind: number, text: string): Promise<StoredEntry | undefined> {
    if ((this.entries.at(-1)?.sequence ?? 0) !== behind) return Promise.resolve(undefined);
    const entry = { sequence: behind + 1, text };
    this.entries.push(entry);
    return Promise.resolve(entry);
  }

  read(from: number, limit: number): Promise<StoredEntry[]> {
    return Promise.resolve(this.entries.filter(({ sequence }) => sequence >= from).slice(0, limit));
  }
}
