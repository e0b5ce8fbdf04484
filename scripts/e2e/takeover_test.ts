/** Two relay processes behind one hub: a vehicle that logs in at the second is let go by the first. */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { parseEpoch } from "#proto/ids.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicDialer } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import type { VehicleLoginOptions } from "#proto/vehicle_login.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";
import type { Child } from "../servers/child.ts";
import { tryFetch, waitFor } from "../servers/wait.ts";
import { startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";
import { type RelayPorts, startRelay, writeRelayFolder } from "./relay_process.ts";

Deno.test("a vehicle that moves to another relay is let go by the first, and a copy of it there is told of", async () => {
  const pair = await startNatsPair();
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const authority = await makeAuthority("takeover e2e", validity);
  const leaf = await authority.issueVehicle("drone-001", validity);
  const second = { ...pair, folder: join(pair.folder, "second") };
  await Deno.mkdir(second.folder);
  const relays: Child[] = [];
  const start = async (folder: typeof pair, name: string): Promise<RelayPorts> => {
    const ports = await writeRelayFolder(folder, { authority, validity, settings: { name } });
    relays.push(startRelay(folder));
    await waitFor(name, () => tryFetch(`http://127.0.0.1:${ports.private}/readyz`), patience);
    return ports;
  };
  const dial = async ({ quic: port }: RelayPorts, login: Partial<VehicleLoginOptions>): Promise<TestVehicle> => {
    const target = { host: "127.0.0.1", port, node: "localhost", trust: [authority.relayIssuer.certPem] };
    const link = await quicDialer().dial(target, AbortSignal.timeout(5_000));
    const ports = { clock: systemClock(), random: systemRandom() };
    const vehicle = new TestVehicle(link, { ...ports, node: "localhost", leaf, login });
    equal((await waitFor("an answer", () => Promise.resolve(vehicle.outcome), patience)).kind, "welcome");
    return vehicle;
  };
  try {
    const [a, b] = [await start(pair, "relay-1"), await start(second, "relay-2")];
    const boot = new Uint8Array(16).fill(7);
    const own = { boot, epoch: parseEpoch(7n), ancestors: [] };
    const atFirst = await dial(a, { ...own, linkCounter: 1n });
    const moved = await dial(b, { ...own, linkCounter: 2n });
    await waitFor("the end of the first link", () => Promise.resolve(atFirst.end), patience);
    deepEqual([atFirst.end?.reason, moved.end], ["superseded", undefined]);

    // A copy of its disk, at the first relay again, while the second holds the link.
    const copy = await dial(a, { boot: new Uint8Array(16).fill(9), epoch: parseEpoch(9n), ancestors: [] });
    await waitFor("the end of the moved link", () => Promise.resolve(moved.end), patience);
    deepEqual([moved.end?.reason, copy.end], ["superseded", undefined]);
    const metrics = await tryFetch(`http://127.0.0.1:${b.private}/metrics`) ?? "";
    match(metrics, /^systemscale_relay_duplicate_identities_total\{shard="0"\} 1$/m);
    copy.close();
  } finally {
    await Promise.all(relays.map((relay) => relay.stop(5_000)));
    await pair.stop();
  }
});
