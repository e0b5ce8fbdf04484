import { equal } from "node:assert/strict";
import { freePorts } from "../../servers/ports.ts";
import { startTcpGate } from "./tcp_gate.ts";

/** A server that says everything back, and a gate before it. */
function openGate() {
  const [port] = freePorts(1);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let accepted = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      accepted++;
      // The gate's end breaks the connection at any point.
      connection.readable.pipeTo(connection.writable).catch(() => undefined);
    }
  })();
  const gate = startTcpGate({ port, targetPort: listener.addr.port });
  const close = async () => {
    await gate.close();
    listener.close();
    await serving;
  };
  return { gate, close, accepted: () => accepted };
}

async function dial(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const say = async (text: string) => void await connection.write(new TextEncoder().encode(text));
  const hear = async () => {
    const buffer = new Uint8Array(100);
    const count = await connection.read(buffer);
    return count === null ? "end" : new TextDecoder().decode(buffer.subarray(0, count));
  };
  return { say, hear, close: () => connection.close() };
}

/** Whether the work has settled by the time that messages have gone there and back on another way. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  work.then(() => isDone = true);
  const other = openGate();
  const echo = await dial(other.gate.port);
  for (let round = 0; round < 20; round++) {
    await echo.say("x");
    await echo.hear();
  }
  echo.close();
  await other.close();
  return isDone;
}

Deno.test("what is said passes, stands still while the gate is cut, and goes on when it heals", async () => {
  const { gate, close, accepted } = openGate();
  const client = await dial(gate.port);
  await client.say("before");
  equal(await client.hear(), "before");
  gate.cut();
  await client.say("during");
  const heard = client.hear();
  const late = await dial(gate.port);
  await late.say("late");
  const lateHeard = late.hear();
  equal(await isSettled(Promise.race([heard, lateHeard])), false);
  equal(accepted(), 1);
  gate.heal();
  equal(await heard, "during");
  equal(await lateHeard, "late");
  for (const one of [client, late]) one.close();
  await close();
});

Deno.test("an end that breaks takes the other with it, and a gate without a server lets nobody in for long", async () => {
  const { gate, close } = openGate();
  const client = await dial(gate.port);
  await client.say("x");
  await client.hear();
  await close();
  equal(await client.hear().catch(() => "end"), "end");
  client.close();
  const [port, nobody] = freePorts(2);
  const lone = startTcpGate({ port, targetPort: nobody });
  const lost = await dial(port);
  equal(await lost.hear().catch(() => "end"), "end");
  lost.close();
  await lone.close();
});
