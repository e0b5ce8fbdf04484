/** What every {@link DocumentStore} does; run by each implementation's test. */
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import type { DocumentStore, StoredDocument } from "./documents.ts";

/** A fresh store, and how long to wait for what a watch tells. */
export interface DocumentsStage {
  readonly documents: DocumentStore;
  /** Resolves when the condition holds. */
  until(condition: () => boolean): Promise<void>;
}

/** The scenarios by their names. */
export const documentScenarios: Readonly<Record<string, (stage: DocumentsStage) => Promise<void>>> = {
  "the first under a key is kept, and no second one": async ({ documents }) => {
    equal(await documents.read("a"), undefined);
    const first = await documents.create("a", "1");
    ok(first !== undefined && first.revision > 0);
    equal(await documents.create("a", "2"), undefined);
    equal(await documents.read("a"), first);
  },
  "one that has changed meanwhile is not replaced": async ({ documents }) => {
    const first = await documents.create("a", "1");
    ok(first !== undefined);
    const second = await documents.replace({ ...first, text: "2" });
    ok(second !== undefined && second.revision > first.revision);
    equal(await documents.replace({ ...first, text: "3" }), undefined);
    equal(await documents.replace({ key: "none", text: "3", revision: second.revision }), undefined);
    equal(await documents.read("a"), second);
  },
  "what is put replaces whatever was there": async ({ documents }) => {
    const first = await documents.put("a", "1");
    const second = await documents.put("a", "2");
    ok(second.revision > first.revision);
    equal((await documents.read("a"))?.text, "2");
  },
  "whoever watches is told what is there, and then of every change": async ({ documents, until }) => {
    await documents.put("a", "1");
    await documents.put("a", "2");
    await documents.put("b", "1");
    const told: StoredDocument[] = [];
    await documents.watch((document) => told.push(document));
    const texts = () => told.map(({ key, text }) => `${key}${text}`);
    equal(texts().toSorted(), ["a2", "b1"]);
    const changed = await documents.put("a", "3");
    await documents.create("c", "1");
    await until(() => told.length === 4);
    equal(texts().slice(2), ["a3", "c1"]);
    equal(told[2], changed);
  },
  "many calls at once are as good as one after another": async ({ documents }) => {
    const created = await Promise.all(Array.from({ length: 8 }, (_, i) => documents.create("a", String(i))));
    equal(created.filter((document) => document !== undefined).length, 1);
    const current = await documents.read("a");
    ok(current !== undefined);
    const replaced = await Promise.all(
      Array.from({ length: 8 }, (_, i) => documents.replace({ ...current, text: `r${i}` })),
    );
    equal(replaced.filter((document) => document !== undefined).length, 1);
  },
};
