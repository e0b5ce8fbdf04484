/**
 * How many frames a relay takes per CPU-second on one long link: a real shard behind a real leaf and hub, batches of
 * 64 KiB over QUIC from this process, until a number of bytes is in the log.
 *
 *     deno run -A scripts/bench/relay_link.ts [MEGABYTES] [ROUNDS] [RECORDS_PER_BATCH]
 */
import { encodeBatch } from "#proto/batch.ts";
import { classNumber } from "#proto/class.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import type { Epoch } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { FrameRecord } from "#proto/shape.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { testShape, TestVehicle } from "#relay/testing/vehicle.ts";
import { startNatsPair } from "../e2e/nats_pair.ts";
import { startRelay, writeRelayFolder } from "../e2e/relay_process.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";

const [megabytes = 200, rounds = 3, records = 4000] = Deno.args.map(Number);
const waitMs = { timeoutMs: 120_000, stepMs: 20 };
const nowMs = Date.now();
const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
const authority = await makeAuthority("bench", validity);
const pair = await startNatsPair();
try {
  const ports = await writeRelayFolder(pair, authority, validity);
  const relay = startRelay(pair);
  const metricsUrl = `http://127.0.0.1:${ports.private}/metrics`;
  await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), waitMs);
  const target = { host: "127.0.0.1", port: ports.quic, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const link = await quicDialer().dial(target, AbortSignal.timeout(5000));
  const leaf = await authority.issueVehicle("drone-001", validity);
  const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
  await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), waitMs);
  vehicle.useShape("live");
  const frame = encodeFrame(frameKinds.batch, { lane: "live", payload: noisyBatch(vehicle.epoch, records) });
  const count = Math.ceil(megabytes * 1e6 / frame.byteLength);
  console.log(`${count} batches of ${records} records, ${frame.byteLength} bytes each, per round`);
  for (let round = 0; round < rounds; round++) {
    const before = await figures(metricsUrl);
    const startedAtMs = performance.now();
    for (let i = 0; i < count; i++) {
      await link.write("live", frame);
      // Writes that are taken at once would leave this process no turn to hear the relay's pings.
      if (i % 64 === 63) await new Promise((resolve) => setTimeout(resolve));
    }
    const wanted = before.records + count * records;
    await waitFor("the log", async () => {
      const now = await figures(metricsUrl);
      return now.records >= wanted && now.held === 0 ? now : undefined;
    }, waitMs);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const after = await figures(metricsUrl);
    const cpu = after.cpu - before.cpu;
    const frames = after.records - before.records;
    const bytes = count * frame.byteLength;
    console.log(
      `round ${round + 1}: ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} CPU-s, ${
        (frames / cpu / 1e6).toFixed(2)
      } M frames/CPU-s, ` +
        `${(bytes / cpu / 1e6).toFixed(0)} MB/CPU-s, ${(bytes / seconds / 1e6).toFixed(0)} MB/s, ` +
        `${(after.resident / 1e6).toFixed(0)} MB resident, ${after.lost} lost`,
    );
  }
  await relay.stop(5000);
} finally {
  await pair.stop();
}
Deno.exit(0);

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

async function figures(url: string) {
  const text = await tryFetch(url) ?? "";
  const value = (name: string) =>
    Number(new RegExp(`^systemscale_relay_${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
  const laneValue = /^systemscale_relay_records_total\{shard="0",lane="live"\} (\S+)$/m.exec(text)?.[1];
  return {
    records: Number(laneValue),
    cpu: value("cpu_seconds_total"),
    held: value("held_bytes"),
    resident: value("resident_bytes"),
    lost: value("lost_batches_total"),
  };
}
