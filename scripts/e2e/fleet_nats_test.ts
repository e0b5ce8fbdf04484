/** Documents of the fleet service in buckets of a real nats-server, under the rights that the service has. */
import { deepStrictEqual as equal, rejects } from "node:assert/strict";
import { documentScenarios } from "#cloud/lib/documents/documents_suite.ts";
import { openDocuments } from "#cloud/lib/documents/io/kv_documents.ts";
import { documentTimeoutMs } from "#cloud/lib/documents/limits.ts";
import { waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";

const until = async (condition: () => boolean) => {
  await waitFor("what a watch tells", () => Promise.resolve(condition() || undefined), patience);
};

Deno.test("documents in a bucket do what all do", async (t) => {
  const pair = await startNatsPair();
  const [nats, admin] = await Promise.all([pair.connectFleet(), pair.connectAdmin()]);
  try {
    for (const [name, run] of Object.entries(documentScenarios)) {
      await t.step(name, async () => {
        // A fresh bucket under a name that the service may use.
        await admin.request("$JS.API.STREAM.DELETE.KV_vehicles");
        await run({ documents: await openDocuments(nats, { bucket: "vehicles", replicas: 1 }), until });
      });
    }
  } finally {
    await Promise.all([nats.close(), admin.close()]);
    await pair.stop();
  }
});

Deno.test("documents outlive a hub that is killed, and one that is away is told in time", async () => {
  const pair = await startNatsPair();
  const nats = await pair.connectFleet();
  try {
    const documents = await openDocuments(nats, { bucket: "presence", replicas: 1 });
    const told: string[] = [];
    await documents.watch(({ text }) => told.push(text));
    const first = await documents.put("drone-001", "1");
    await pair.killHub();
    const beganMs = performance.now();
    await rejects(documents.read("drone-001"), { code: "unavailable" });
    equal(performance.now() - beganMs < 2 * documentTimeoutMs, true);
    await pair.startHub();
    const found = await waitFor("the hub", () => documents.read("drone-001").catch(() => undefined), patience);
    equal(found, first);
    await documents.put("drone-001", "2");
    await until(() => told.includes("2"));
  } finally {
    await nats.close();
    await pair.stop();
  }
});
