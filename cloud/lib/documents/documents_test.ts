import { strictEqual } from "node:assert/strict";
import { documentScenarios } from "./documents_suite.ts";
import { MemoryDocuments } from "./testing/memory_documents.ts";

for (const [name, run] of Object.entries(documentScenarios)) {
  Deno.test(`documents in memory: ${name}`, () =>
    run({
      documents: new MemoryDocuments(),
      until: (condition) => {
        strictEqual(condition(), true);
        return Promise.resolve();
      },
    }));
}
