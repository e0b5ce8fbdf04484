/** The leaf of a relay that was taken over, without any rule of its own: what the hub lets it hear and ask. */
import { deepEqual, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { connectNats } from "#proto/io/nats.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { type Child, startChild } from "../servers/child.ts";
import { leafReady } from "../servers/nats.ts";
import { obtainNatsServer } from "../servers/nats_binary.ts";
import { freePorts } from "../servers/ports.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { genuineHeader } from "./log_access.ts";
import { patience } from "./patience.ts";

const user = "rogue";
const password = "rogue";

/** Joins a leaf to the system's hub, with what every relay's leaf joins by. */
async function startRogueLeaf({ layout }: TestSystem): Promise<{ leaf: Child; port: number }> {
  const [port, monitor] = freePorts(2);
  const { leaf: leafPassword } = await ensureSecrets(layout.state);
  const config = join(layout.state, "rogue.conf");
  const hub = `nats-leaf://leaf:${leafPassword}@127.0.0.1:${layout.ports.hubLeaves}`;
  await Deno.writeTextFile(
    config,
    `server_name: rogue
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitor}"
accounts { FLEET { users: [{ user: ${user}, password: ${password} }] } }
leafnodes { remotes: [{ urls: ["${hub}"], account: FLEET }] }
`,
  );
  const command = await obtainNatsServer(() => {});
  const leaf = startChild({ name: "rogue", command, args: ["-c", config], logFile: join(layout.state, "rogue.log") });
  await waitFor("the rogue leaf", async () => await leafReady(monitor) || undefined, patience);
  return { leaf, port };
}

/** What came on all subjects that it asks to hear: kinds of subjects, and all bytes in hex. */
class Heard {
  readonly kinds = new Set<string>();
  readonly bytes: string[] = [];

  constructor(nats: NatsConnection) {
    for (const subject of [">", "tel.v1.>", "ledger.v1.>", "_INBOX_ingest.>", "node.v1.>", "session.v1.>"]) {
      nats.subscribe(subject, { callback: (_, message) => this.#hear(message) });
    }
  }

  #hear({ subject, data }: Msg): void {
    this.kinds.add(subject.split(".").slice(0, 2).join("."));
    this.bytes.push(data.toHex());
  }
}

Deno.test("a leaf learns no session's secret: it hears neither the log nor what other relays ask, and JetStream gives it nothing", async () => {
  await withSystem(await freeLayout({ store: "sqlite" }), async (system) => {
    const { leaf, port } = await startRogueLeaf(system);
    const inboxPrefix = "_INBOX_relay.rogue";
    const nats = await connectNats({ servers: [`127.0.0.1:${port}`], user, password, name: "rogue", inboxPrefix });
    try {
      const heard = new Heard(nats);
      await nats.flush();
      const comes = (name: string) => () => Promise.resolve(heard.kinds.has(name) || undefined);
      // It is joined: what it may hear comes.
      await waitFor("word of a node", comes("node.v1"), patience);
      // A login with its question to the ledger, and telemetry behind it.
      system.running.keeper.signal("agent-drone-001", "SIGKILL");
      await waitFor("the login", comes("session.v1"), patience);
      const { sessionSecret } = await waitFor(
        "telemetry",
        () => genuineHeader(system).catch(() => undefined),
        patience,
      );
      const rows = () => system.rows({ vehicle_id: "drone-001", stream: "telemetry" }).catch(() => []);
      await waitFor("its row", async () => (await rows()).length || undefined, patience);
      await waitFor("the verdict", comes("ack.v1"), patience);
      deepEqual(["tel.v1", "ledger.v1"].filter((name) => heard.kinds.has(name)), []);
      // Verdicts and answers of other relays come by; the session's id stands in them, its secret does not.
      const told = (bytes: Uint8Array) => heard.bytes.some((text) => text.includes(bytes.toHex()));
      deepEqual([told(sessionIdOf(sessionSecret)), told(sessionSecret)], [true, false]);

      // It may ask how the log is, as the relay's probe does, so answers reach it; it may ask nothing else.
      const ask = (api: string) => nats.request(`$JS.hub.API.${api}`, "{}", { timeout: 1_000 });
      ok((await ask("STREAM.INFO.TELEMETRY")).string().includes('"messages"'));
      const reading = [
        "STREAM.MSG.GET.TELEMETRY",
        "DIRECT.GET.TELEMETRY",
        "CONSUMER.CREATE.TELEMETRY.rogue",
        "CONSUMER.MSG.NEXT.TELEMETRY.rogue",
        "STREAM.PURGE.SESSIONS",
      ];
      for (const api of reading) await rejects(ask(api), { name: /TimeoutError|RequestError/ }, api);
    } finally {
      await nats.close();
      await leaf.stop(2_000);
    }
  });
});
