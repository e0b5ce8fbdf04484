import { deepEqual, equal, match } from "node:assert/strict";
import { Fault } from "../errors.ts";
import { credentialPollMs, credentialSettleMs } from "../limits.ts";
import type { Log } from "../ports.ts";
import { VirtualClock } from "../testing/clock.ts";
import { readWords, wordPair } from "../testing/credentials.ts";
import { CredentialDesk } from "./credential_desk.ts";
import type { CredentialFiles } from "./credential_watch.ts";

const dayMs = 86_400_000;

/** A desk over files that a test changes, whose certificate ends in so many days. */
function makeDesk(endsInDays: number) {
  const clock = new VirtualClock();
  const startMs = Number(clock.wallNs() / 1_000_000n);
  const pair = (serial: string, days: number) =>
    wordPair(serial, { notBeforeMs: startMs - 60 * dayMs, notAfterMs: startMs + Math.round(days * dayMs) });
  const files = pair("first", endsInDays);
  const stage = { found: files as CredentialFiles | Fault, offsetNs: 0n };
  const said: string[] = [];
  const renewed: string[] = [];
  const line = (message: string) => void said.push(message);
  const log: Log = { debug: line, info: line, warn: line, error: line };
  const desk = new CredentialDesk({
    files,
    credentials: readWords(files, startMs),
    read: readWords,
    source: {
      read: () => stage.found instanceof Fault ? Promise.reject(stage.found) : Promise.resolve(stage.found),
    },
    clock,
    log,
    clockOffsetNs: () => stage.offsetNs,
    onRenewed: ({ leaf }) => renewed.push(leaf.serial),
  });
  const stop = new AbortController();
  const running = desk.run(stop.signal);
  const end = () => {
    stop.abort();
    return clock.run(running);
  };
  return { clock, desk, stage, said, renewed, pair, end };
}

Deno.test("a new pair is told of within two looks, with its own days and warnings", async () => {
  const { clock, desk, stage, said, renewed, pair, end } = makeDesk(6);
  await clock.advance(credentialPollMs);
  deepEqual(said, ["The certificate ends in less than 7 days"]);
  stage.found = pair("fresh", 30.5);
  await clock.advance(2 * credentialPollMs);
  deepEqual([renewed, desk.status.serial], [["fresh"], "fresh"]);
  equal(Math.round(desk.status.daysLeft * 10), 305);
  await clock.advance(dayMs);
  deepEqual(said.slice(1), [
    "A new certificate is used",
    "The certificate ends in less than 30 days",
  ]);
  await end();
});

Deno.test("what does not serve leaves the old pair in use, and shows in the status", async () => {
  const { clock, desk, stage, said, renewed, end } = makeDesk(50);
  const { serial } = desk.status;
  stage.found = new Fault("bad_config", "Cannot read vehicle.crt");
  await clock.advance(2 * credentialSettleMs);
  deepEqual([renewed, desk.status.serial], [[], serial]);
  match(desk.status.fault?.message ?? "", /Cannot read/);
  deepEqual(said, ["New certificate or key is not used, the old ones stay"]);
  await end();
});

Deno.test("days are counted by a better clock where there is one", async () => {
  const { clock, desk, stage, said, end } = makeDesk(50);
  stage.offsetNs = BigInt(49.5 * dayMs) * 1_000_000n;
  await clock.advance(credentialPollMs);
  equal(Math.round(desk.status.daysLeft * 10), 5);
  deepEqual(said, ["The certificate ends in less than 1 day"]);
  await end();
});
