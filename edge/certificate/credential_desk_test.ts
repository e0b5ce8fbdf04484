import { deepEqual, equal, match } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import type { Log } from "#proto/ports.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import type { CredentialFiles } from "../identity.ts";
import { credentialPollMs, credentialSettleMs } from "../limits.ts";
import { pairIssuer } from "../testing/leaves.ts";
import { CredentialDesk } from "./credential_desk.ts";

const dayMs = 86_400_000;
const issue = await pairIssuer();

/** A desk over files that a test changes, whose certificate ends in so many days. */
async function makeDesk(endsInDays: number) {
  const clock = new VirtualClock();
  const startMs = Number(clock.wallNs() / 1_000_000n);
  const issueFor = (days: number) =>
    issue({ notBeforeMs: startMs - 60 * dayMs, notAfterMs: startMs + Math.round(days * dayMs) });
  const first = await issueFor(endsInDays);
  const stage = { found: first.files as CredentialFiles | Fault, offsetNs: undefined as bigint | undefined };
  const said: string[] = [];
  const renewed: string[] = [];
  const line = (message: string) => void said.push(message);
  const log: Log = { debug: line, info: line, warn: line, error: line };
  const desk = new CredentialDesk({
    ...first,
    vehicleId: parseVehicleId("drone-001"),
    source: {
      read: () => stage.found instanceof Fault ? Promise.reject(stage.found) : Promise.resolve(stage.found),
    },
    clock,
    log,
    clockOffsetNs: () => stage.offsetNs,
    onRenewed: () => renewed.push(desk.inUse.leaf.serial),
  });
  const stop = new AbortController();
  const running = desk.run(stop.signal);
  const end = () => {
    stop.abort();
    return clock.run(running);
  };
  return { clock, desk, stage, said, renewed, issueFor, end };
}

Deno.test("a new pair is told of within two looks, with its own days and warnings", async () => {
  const { clock, desk, stage, said, renewed, issueFor, end } = await makeDesk(6);
  await clock.advance(credentialPollMs);
  deepEqual(said, ["The certificate ends in less than 7 days"]);
  const fresh = await issueFor(30.5);
  stage.found = fresh.files;
  await clock.advance(2 * credentialPollMs);
  deepEqual(renewed, [fresh.credentials.leaf.serial]);
  equal(Math.round(desk.status.daysLeft * 10), 305);
  await clock.advance(dayMs);
  deepEqual(said.slice(1), [
    "New certificate is used from the next login on",
    "The certificate ends in less than 30 days",
  ]);
  await end();
});

Deno.test("what does not serve leaves the old pair in use, and shows in the status", async () => {
  const { clock, desk, stage, said, renewed, end } = await makeDesk(50);
  const { serial } = desk.status;
  stage.found = new Fault("bad_config", "Cannot read vehicle.crt");
  await clock.advance(2 * credentialSettleMs);
  deepEqual([renewed, desk.status.serial], [[], serial]);
  match(desk.status.fault?.message ?? "", /Cannot read/);
  deepEqual(said, ["New certificate or key is not used, the old ones stay"]);
  await end();
});

Deno.test("days are counted by the relay's clock when the vehicle's is behind", async () => {
  const { clock, desk, stage, said, end } = await makeDesk(50);
  stage.offsetNs = BigInt(49.5 * dayMs) * 1_000_000n;
  await clock.advance(credentialPollMs);
  equal(Math.round(desk.status.daysLeft * 10), 5);
  deepEqual(said, ["The certificate ends in less than 1 day"]);
  await end();
});
