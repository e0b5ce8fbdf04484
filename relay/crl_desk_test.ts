import { deepEqual, equal } from "node:assert/strict";
import { crlIssuerOf } from "#proto/base/crl.ts";
import { readX509 } from "#proto/base/x509.ts";
import { Fault } from "#proto/errors.ts";
import { crlFetchTimeoutMs } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { type Authority, derOf, makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { CrlDesk } from "./crl_desk.ts";
import { crlHintIntervalMs } from "./limits.ts";
import { MemoryCrl } from "#proto/testing/memory_crl.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const clock = () => new VirtualClock();
const startMs = Number(clock().wallNs() / 1_000_000n);
const hourMs = 3_600_000;
const validity = { notBeforeMs: startMs - hourMs, notAfterMs: startMs + 1000 * hourMs };
const authority = await makeAuthority("desk", validity);

interface Desk {
  readonly clock: VirtualClock;
  readonly crl: MemoryCrl;
  readonly desk: CrlDesk;
  readonly stop: () => Promise<void>;
  /** How often others were revoked than before. */
  news(): number;
  /** Codes against login and against staying. */
  codes(serial: string, issuerOf?: Authority): (string | undefined)[];
}

function openDesk(prepare: (crl: MemoryCrl) => void = () => {}): Desk {
  const clock = new VirtualClock();
  const crl = new MemoryCrl(authority.vehicleIssuer, clock);
  prepare(crl);
  const desk = new CrlDesk({
    lists: [{ issuer: crlIssuerOf(authority.vehicleIssuer.certPem), source: crl }],
    terms: { pollMs: 60_000, loginGraceMs: hourMs, sessionGraceMs: 2 * hourMs },
    clock,
    random: seededRandom(3),
    log: silent,
  });
  let news = 0;
  const over = new AbortController();
  const running = desk.run(() => void news++, over.signal);
  return {
    clock,
    crl,
    desk,
    stop: () => {
      over.abort();
      return clock.run(running);
    },
    news: () => news,
    codes: (serial, of = authority) => {
      const issuer = readX509(derOf(of.vehicleIssuer.certPem)).subject;
      return [desk.reasonAgainstLogin({ issuer, serial }), desk.reasonAgainstSession({ issuer, serial })]
        .map((reason) => reason?.code);
    },
  };
}

const good = [undefined, undefined];
const revoked = ["certificate_revoked", "certificate_revoked"];
const unknown = ["revocation_unknown", "revocation_unknown"];

Deno.test("nobody logs in before the first list, and by it those do that are not on it", async () => {
  const { clock, desk, codes, news, stop } = openDesk((crl) => crl.revoke("b"));
  deepEqual(codes("a"), unknown);
  equal(desk.reasonAgainstReady(), 'there is no fresh list of revoked certificates of "desk vehicles"');
  await clock.run(desk.triedOnce);
  deepEqual([codes("a"), codes("b"), news(), desk.reasonAgainstReady()], [good, revoked, 1, undefined]);
  await stop();
});

Deno.test("a certificate of an issuer without a list is never let in", async () => {
  const { clock, desk, codes, stop } = openDesk();
  await clock.run(desk.triedOnce);
  deepEqual(codes("a", await makeAuthority("stranger", validity)), unknown);
  await stop();
});

Deno.test("what is revoked is known within a poll, and only a list that is new is news", async () => {
  const { clock, crl, codes, news, stop } = openDesk();
  await clock.advance(10);
  await clock.advance(180_000);
  deepEqual([news(), crl.fetches >= 4], [1, true]);
  crl.revoke("a");
  await clock.advance(60_000);
  deepEqual([codes("a"), news()], [revoked, 2]);
  await stop();
});

Deno.test("a hint fetches at once; a thousand hints fetch twice a second", async () => {
  const { clock, crl, desk, codes, stop } = openDesk();
  await clock.advance(10_000);
  crl.revoke("a");
  desk.handleHint();
  await clock.advance(1);
  deepEqual([codes("a"), crl.fetches], [revoked, 2]);
  for (let i = 0; i < 1000; i++) {
    desk.handleHint();
    await clock.advance(1);
  }
  equal(crl.fetches, 2 + 1000 / crlHintIntervalMs);
  await stop();
});

Deno.test("a source that fails is asked again with back-off, and the list that is held goes on to count", async () => {
  const { clock, crl, desk, codes, stop } = openDesk((crl) => crl.revoke("b"));
  await clock.advance(1);
  crl.fault = new Fault("unavailable", "away");
  await clock.advance(60_000 + 64_000);
  deepEqual([codes("a"), codes("b")], [good, revoked]);
  const [{ fetches, standing }] = desk.facts();
  deepEqual([standing, fetches.get("new"), fetches.get("unavailable")], ["grace", 1, 7]);
  crl.fault = undefined;
  await clock.advance(60_000);
  equal(desk.facts()[0].standing, "fresh");
  await stop();
});

Deno.test("a source that never answers is given up, told so, and asked again", async () => {
  const { clock, crl, desk, stop } = openDesk((crl) => {
    crl.hangs = true;
  });
  await clock.advance(crlFetchTimeoutMs + 1);
  deepEqual([crl.aborted, desk.facts()[0].fetches.get("deadline")], [1, 1]);
  crl.hangs = false;
  await clock.advance(1_000);
  equal(desk.facts()[0].standing, "fresh");
  await stop();
});

Deno.test("an authority that is gone closes the door after the login grace, and ends sessions after the other", async () => {
  const { clock, crl, desk, codes, stop } = openDesk();
  await clock.advance(0);
  crl.fault = new Fault("unavailable", "away");
  const staleFromMs = 120_000;
  const seen: [number, (string | undefined)[], boolean][] = [];
  let atMs = 0;
  for (
    const nextMs of [
      staleFromMs + hourMs - 1000,
      staleFromMs + hourMs,
      staleFromMs + 2 * hourMs - 1000,
      staleFromMs + 2 * hourMs,
    ]
  ) {
    await clock.advance(nextMs - atMs);
    atMs = nextMs;
    seen.push([nextMs, codes("a"), desk.reasonAgainstReady() === undefined]);
  }
  deepEqual(seen, [
    [3_719_000, good, true],
    [3_720_000, ["revocation_unknown", undefined], false],
    [7_319_000, ["revocation_unknown", undefined], false],
    [7_320_000, unknown, false],
  ]);
  await stop();
});
