/**
 * One end of a link over TCP, for slow_tcp_test.ts: `relay` listens and sends back what comes on the command lane,
 * `vehicle` fills its backfill lane and tells how long a byte takes there and back on the command lane.
 *
 *     slow_tcp_rig.ts relay|vehicle ADDRESS FOLDER
 */
import { tlsDialer, tlsListener } from "#proto/io/tls.ts";
import type { Lane } from "#proto/class.ts";
import type { Link } from "#proto/ports.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";

const node = "relay-1.test";
const port = 4999;
/** The rate is known and buffers are full after so long. */
const settlingMs = 5_000;
const rounds = 12;

/** What the vehicle found. */
export interface SlowTcpFindings {
  readonly roundTripsMs: readonly number[];
  /** Bytes a second on the backfill lane meanwhile. */
  readonly bulkRate: number;
}

async function read(link: Link, { lane, handle }: { lane: Lane; handle: (bytes: Uint8Array) => unknown }) {
  for (;;) {
    const got = await link.read(lane, new Uint8Array(64 * 1024));
    if (got === undefined) return;
    await handle(got.bytes);
  }
}

async function listen(hostname: string, folder: string): Promise<void> {
  const nowMs = Date.now();
  const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
  const authority = await makeAuthority("slow", validity);
  const { chainPem: certPem, keyPem } = await authority.issueRelay(node, validity);
  const listener = await tlsListener({ hostname, port, certPem, keyPem });
  await Deno.writeTextFile(`${folder}/root.tmp`, authority.relayIssuer.certPem);
  await Deno.rename(`${folder}/root.tmp`, `${folder}/root.pem`);
  for await (const link of listener.accept()) {
    void read(link, { lane: "backfill", handle: () => undefined });
    void read(link, { lane: "command", handle: (bytes) => link.write("command", bytes) });
  }
}

async function drive(host: string, folder: string): Promise<SlowTcpFindings> {
  const trust = [await Deno.readTextFile(`${folder}/root.pem`)];
  const link = await tlsDialer().dial({ host, port, node, trust }, AbortSignal.timeout(10_000));
  let carried = 0;
  const bulk = crypto.getRandomValues(new Uint8Array(64 * 1024));
  void (async () => {
    for (;;) {
      await link.write("backfill", bulk);
      carried += bulk.byteLength;
    }
  })();
  await pause(settlingMs);
  const [fromMs, fromBytes] = [performance.now(), carried];
  const roundTripsMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sentMs = performance.now();
    await link.write("command", Uint8Array.of(round));
    await link.read("command", new Uint8Array(1));
    roundTripsMs.push(Math.round(performance.now() - sentMs));
    // Another place in the bulk's own rhythm each time.
    await pause(300 + 37 * round);
  }
  return { roundTripsMs, bulkRate: Math.round((carried - fromBytes) / (performance.now() - fromMs) * 1000) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const [side, address, folder] = Deno.args;
  if (side === "relay") await listen(address, folder);
  console.log(JSON.stringify(await drive(address, folder)));
  Deno.exit(0);
}
