/** Strangers at the door of a real relay: each is refused with a code and counted, and costs nobody anything. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import type { Link } from "#proto/ports.ts";
import { signerOf } from "#proto/signature.ts";
import { type Authority, type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { TestVehicle, type TestVehicleOptions } from "#relay/testing/vehicle.ts";
import { figuresOf } from "../bench/relay_figures.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { type RelayPorts, startRelay, writeRelayFolder } from "./relay_process.ts";
import { patience } from "./patience.ts";

/** Strangers of each kind that come at once. */
const crowd = 5;
const waves = 160;
/** Waves until the relay has grown to where it stays. */
const warmUpWaves = 80;
/** A relay that kept a quarter of a link's 60 kB of each of the 1600 later strangers would pass this. */
const growthBytesMax = 24 * 1024 * 1024;

/** Dials, begins what a stranger of its kind begins, and gives the link. */
type Stranger = () => Promise<Link>;

async function strangersOf(
  ports: RelayPorts,
  { authority, validity }: { authority: Authority; validity: { notBeforeMs: number; notAfterMs: number } },
): Promise<Record<string, Stranger>> {
  const target = { host: "127.0.0.1", port: ports.quic, node: "localhost", trust: [authority.relayIssuer.certPem] };
  const dial = () => quicDialer().dial(target, AbortSignal.timeout(5_000));
  const knocker = (leaf: Leaf, login: TestVehicleOptions["login"] = {}): Stranger => async () => {
    const link = await dial();
    new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf, login });
    return link;
  };
  const [own, others] = [
    await authority.issueVehicle("drone-002", validity),
    await authority.issueVehicle("drone-001", validity),
  ];
  const foreign = await makeAuthority("foreign", validity);
  return {
    "no certificate": knocker(own, { chain: [] }),
    "a wrong root": knocker(await foreign.issueVehicle("drone-001", validity)),
    "another vehicle's certificate": knocker(others, { signer: signerOf(own.keyPem) }),
    "a malformed hello": async () => {
      const link = await dial();
      const payload = crypto.getRandomValues(new Uint8Array(500));
      // A field number that protobuf forbids, so that chance makes no hello of it.
      payload[0] = 0;
      await link.write("control", encodeFrame(frameKinds.hello, { lane: "control", payload }));
      return link;
    },
  };
}

Deno.test("strangers are refused with a code and counted, while the relay stays as it was and serves its vehicle", async (test) => {
  const pair = await startNatsPair();
  const nowMs = Date.now();
  const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
  const authority = await makeAuthority("strangers", validity);
  const ports = await writeRelayFolder(pair, {
    authority,
    validity,
    limits: { links_per_second_and_address: 10_000, handshakes_in_vain_per_second: 10_000 },
  });
  const metrics = async () => await tryFetch(`http://127.0.0.1:${ports.private}/metrics`) ?? "";
  const relay = startRelay(pair);
  try {
    await waitFor("the relay", () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
    const target = { host: "127.0.0.1", port: ports.quic, node: "localhost", trust: [authority.relayIssuer.certPem] };
    const leaf = await authority.issueVehicle("drone-001", validity);
    const link = await quicDialer().dial(target, AbortSignal.timeout(5_000));
    const vehicle = new TestVehicle(link, { clock: systemClock(), random: systemRandom(), node: "localhost", leaf });
    await waitFor("a welcome", () => Promise.resolve(vehicle.outcome), patience);

    const strangers = await strangersOf(ports, { authority, validity });
    const endings: Record<string, Set<string>> = {};
    let warmBytes = 0;
    for (let wave = 0; wave < waves; wave++) {
      if (wave === warmUpWaves) warmBytes = figuresOf(await metrics()).residentBytes;
      await Promise.all(
        Object.entries(strangers).flatMap(([kind, knock]) =>
          Array.from({ length: crowd }, async () => {
            const { reason } = await (await knock()).ended;
            (endings[kind] ??= new Set()).add(reason);
          })
        ),
      );
    }
    const after = await metrics();
    const grownBytes = figuresOf(after).residentBytes - warmBytes;

    await test.step("each kind hears its code", () =>
      deepEqual(endings, {
        "no certificate": new Set(["bad_hello"]),
        "a wrong root": new Set(["unknown_issuer"]),
        "another vehicle's certificate": new Set(["bad_proof"]),
        "a malformed hello": new Set(["bad_hello"]),
      }));
    await test.step("each is counted", () => {
      const counted = (code: string) =>
        Number(new RegExp(`logins_refused_total{shard="0",code="${code}"} (\\d+)`).exec(after)?.[1]);
      deepEqual(
        ["bad_hello", "unknown_issuer", "bad_proof"].map(counted),
        [2 * waves * crowd, waves * crowd, waves * crowd],
        after,
      );
    });
    await test.step("memory is flat", () => ok(grownBytes < growthBytesMax, `grown by ${grownBytes} bytes`));
    await test.step("the vehicle that was linked before is served on", async () => {
      vehicle.useShape("live");
      vehicle.sendBatch("live", { first: 1, last: 100 });
      await waitFor("received", () => Promise.resolve(vehicle.messages("received")[0]), patience);
      equal(vehicle.end, undefined);
    });
  } finally {
    await relay.stop(5_000);
    await pair.stop();
  }
});
