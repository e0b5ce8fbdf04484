/**
 * How many frames a relay takes per CPU-second on one long link: a real shard behind a real leaf and hub, fed over QUIC
 * from this process, until everything is in the log.
 *
 *     deno run -A scripts/bench/relay_link.ts [MEGABYTES per round] [ROUNDS] [RECORDS per batch]
 */
import { encodeBatch } from "#proto/batch.ts";
import { classNumber } from "#proto/class.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import type { Epoch } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { FrameRecord } from "#proto/shape.ts";
import { type Authority, makeAuthority, type Validity } from "#proto/testing/certificates.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { testShape, TestVehicle } from "#relay/testing/vehicle.ts";
import { startNatsPair } from "../e2e/nats_pair.ts";
import { type RelayPorts, startRelay, writeRelayFolder } from "../e2e/relay_process.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { figuresOf, onceInLog, type RelayFigures, roundLine } from "./relay_figures.ts";

/** Frames in one write. Between two writes this process gets a turn, in which it hears the relay's pings. */
const framesPerWrite = 16;
const waitMs = { timeoutMs: 120_000, stepMs: 20 };

const [megabytes = 200, rounds = 3, records = 4000] = Deno.args.map(Number);
const nowMs = Date.now();
const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
const authority = await makeAuthority("bench", validity);
const pair = await startNatsPair();
try {
  const ports = await writeRelayFolder(pair, { authority, validity });
  const relay = startRelay(pair);
  await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), waitMs);
  const { link, vehicle } = await linkedVehicle(ports, { authority, validity });
  const frame = encodeFrame(frameKinds.batch, { lane: "live", payload: noisyBatch(vehicle.epoch, records) });
  const writes = Math.ceil(megabytes * 1e6 / frame.byteLength / framesPerWrite);
  console.log(`${writes * framesPerWrite} batches of ${records} records, ${frame.byteLength} bytes each, per round`);
  const bytes = new Uint8Array(await new Blob(Array(framesPerWrite).fill(frame)).arrayBuffer());
  for (let round = 0; round < rounds; round++) {
    const before = await figuresAt(ports);
    const startedAtMs = performance.now();
    for (let i = 0; i < writes; i++) {
      await link.write("live", bytes);
      await new Promise((resolve) => setTimeout(resolve));
    }
    const after = await figuresInLog(ports, before.records + writes * framesPerWrite * records);
    const seconds = (performance.now() - startedAtMs) / 1000;
    console.log(roundLine({ before, after, bytes: writes * bytes.byteLength, seconds }));
  }
  await relay.stop(5000);
} finally {
  await pair.stop();
}
Deno.exit(0);

async function linkedVehicle(ports: RelayPorts, issuer: { authority: Authority; validity: Validity }) {
  const trust = [issuer.authority.relayIssuer.certPem];
  const target = { host: "127.0.0.1", port: ports.quic, node: "localhost", trust };
  const link = await quicDialer().dial(target, AbortSignal.timeout(5000));
  const leaf = await issuer.authority.issueVehicle("drone-001", issuer.validity);
  const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
  await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), waitMs);
  vehicle.useShape("live");
  return { link, vehicle };
}

async function figuresAt(ports: RelayPorts): Promise<RelayFigures> {
  return figuresOf(await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "");
}

async function figuresInLog(ports: RelayPorts, total: number): Promise<RelayFigures> {
  return await waitFor("the log", async () => onceInLog(await figuresAt(ports), total), waitMs);
}

/** Values that no codec makes much smaller: the relay's work is counted in bytes as well as in frames. */
function noisyBatch(epoch: Epoch, count: number): Uint8Array {
  const random = seededRandom(1);
  const batch = Array.from({ length: count }, (_, i): FrameRecord => ({
    seq: i + 1,
    ts: 1_780_000_000_000_000_000n + BigInt(random.integer(0, 1e9)),
    shape: testShape,
    values: [random.fraction()],
  }));
  return encodeBatch(batch, { epoch, class: classNumber("normal"), clockOffsetNs: 0n });
}
