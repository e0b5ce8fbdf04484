import { deepEqual, equal, ok } from "node:assert/strict";
import { crlIssuerOf } from "#proto/base/crl.ts";
import { readX509 } from "#proto/base/x509.ts";
import { Fault } from "#proto/errors.ts";
import { loginTimeoutMs } from "#proto/limits.ts";
import { signerOf } from "#proto/signature.ts";
import type { Leaf } from "#proto/testing/certificates.ts";
import { CrlDesk } from "./crl_desk.ts";
import { type Revocation, revocationOff, type RevocationReason } from "./revocation.ts";
import { MemoryCrl } from "#proto/testing/memory_crl.ts";
import { type House, makeHouse } from "./testing/house.ts";
import type { TestVehicle } from "./testing/vehicle.ts";

const pollMs = 60_000;
const [loginGraceMs, sessionGraceMs] = [600_000, 1_200_000];

const serialOf = (leaf: Leaf): string => readX509(leaf.chain[0]).serial;

/** A relay that polls the list of the authority's vehicle issuer, which is fetched already. */
async function makeGuardedHouse(): Promise<{ house: House; crl: MemoryCrl }> {
  let made: MemoryCrl | undefined;
  const house = await makeHouse({}, {
    revocation: ({ authority, ...ports }) => {
      made = new MemoryCrl(authority.vehicleIssuer, ports.clock);
      const issuer = crlIssuerOf(authority.vehicleIssuer.certPem);
      const terms = { pollMs, loginGraceMs, sessionGraceMs };
      return new CrlDesk({ lists: [{ issuer, source: made }], terms, ...ports });
    },
  });
  ok(made !== undefined);
  await house.clock.advance(1);
  return { house, crl: made };
}

/** A vehicle that sends a batch every 100 ms for a while, or until it is cut. */
async function stream(house: House, vehicle: TestVehicle, forMs: number): Promise<void> {
  for (let atMs = 0; atMs < forMs && vehicle.end === undefined; atMs += 100) {
    vehicle.sendBatch("live", { first: 1 + atMs, last: 100 + atMs });
    await house.clock.advance(100);
  }
}

async function streaming(house: House, leaf: Leaf): Promise<TestVehicle> {
  const vehicle = await house.dial(leaf);
  equal(vehicle.outcome?.kind, "welcome");
  vehicle.useShape("live");
  await stream(house, vehicle, 1000);
  return vehicle;
}

Deno.test("a vehicle that is revoked while it streams is cut within one poll, with a word, and not let in again", async () => {
  const { house, crl } = await makeGuardedHouse();
  const leaf = await house.issue("drone-001");
  const [vehicle, other] = [await streaming(house, leaf), await house.dial(await house.issue("drone-002"))];
  crl.revoke(serialOf(leaf));
  await stream(house, vehicle, pollMs);
  deepEqual(vehicle.messages("goodbye").map(({ code }) => code), ["certificate_revoked"]);
  deepEqual([vehicle.end?.reason, other.end], ["certificate_revoked", undefined]);
  deepEqual(house.presence().find((event) => event.case === "down")?.value.code, "certificate_revoked");
  equal(house.relay.facts().counters.revoked.certificate_revoked, 1);
  const again = await house.dial(leaf);
  ok(again.outcome?.kind === "refused" && again.outcome.code === "certificate_revoked");
  equal(house.relay.facts().refused.get("certificate_revoked"), 1);
  await house.relay.drain();
});

Deno.test("after a push it is cut within one fetch, and the push itself proves nothing", async () => {
  const { house, crl } = await makeGuardedHouse();
  const leaf = await house.issue("drone-001");
  const vehicle = await streaming(house, leaf);
  house.backbone.ears.revoked();
  await house.clock.advance(1_000);
  deepEqual([vehicle.end, crl.fetches], [undefined, 2]);
  crl.revoke(serialOf(leaf));
  house.backbone.ears.revoked();
  await house.clock.advance(10);
  deepEqual([vehicle.end?.reason, crl.fetches], ["certificate_revoked", 3]);
  equal(house.relay.facts().counters.revocationHints, 2);
  await house.relay.drain();
});

Deno.test("without an authority the door closes, then sessions end, and nobody is told to move on before", async () => {
  const { house, crl } = await makeGuardedHouse();
  const vehicle = await house.dial(await house.issue("drone-001"));
  crl.fault = new Fault("unavailable", "away");
  const staleAtMs = 2 * pollMs;
  await house.clock.advance(staleAtMs + loginGraceMs + 1_000);
  equal(house.relay.reasonAgainstReady(), 'there is no fresh list of revoked certificates of "house vehicles"');
  equal(house.relay.facts().isReady, false);
  const late = await house.dial(await house.issue("drone-002"));
  ok(late.outcome?.kind === "refused" && late.outcome.code === "revocation_unknown");
  await house.clock.advance(10_000);
  equal(vehicle.messages("ping").at(-1)?.ready, true);
  await house.clock.advance(sessionGraceMs - loginGraceMs - 13_000);
  deepEqual([vehicle.end], [undefined]);
  await house.clock.advance(3_000);
  deepEqual([vehicle.end?.reason], ["revocation_unknown"]);
  equal(house.relay.facts().counters.revoked.revocation_unknown, 1);
  crl.fault = undefined;
  await house.clock.advance(pollMs);
  deepEqual([(await house.dial(await house.issue("drone-003"))).outcome?.kind], ["welcome"]);
  await house.relay.drain();
});

Deno.test("a revoked certificate is refused for what Hello shows, whoever shows it: nothing has to be signed", async () => {
  const { house, crl } = await makeGuardedHouse();
  const [leaf, thief] = [await house.issue("drone-001"), await house.issue("drone-002")];
  crl.revoke(serialOf(leaf));
  await house.clock.advance(pollMs);
  // Without the key that belongs to it the Proof would be refused as bad.
  const { outcome } = await house.dial(leaf, { login: { signer: signerOf(thief.keyPem) } });
  deepEqual(outcome?.kind === "refused" && [outcome.code, outcome.by], ["certificate_revoked", "relay"]);
  await house.relay.drain();
});

/** Whoever judges has to ask first, as a client of OCSP does. */
function slowRevocation(answer: Promise<RevocationReason | undefined>): Revocation {
  return { ...revocationOff, reasonAgainstLogin: () => answer };
}

Deno.test("a judge may take its time, and what the vehicle sends meanwhile waits", async () => {
  const answer = Promise.withResolvers<undefined>();
  const house = await makeHouse({}, { revocation: () => slowRevocation(answer.promise) });
  const vehicle = await house.dial(await house.issue("drone-001"));
  vehicle.say("inventory", {});
  await house.clock.advance(5_000);
  deepEqual([vehicle.outcome, house.relay.facts().halfOpen], [undefined, 1]);
  answer.resolve(undefined);
  await house.clock.advance(3_000);
  deepEqual([vehicle.outcome?.kind, vehicle.messages("held").length], ["welcome", 1]);
  await house.relay.drain();
});

Deno.test("a judge that takes longer than a login lets nobody in, then or later", async () => {
  const answer = Promise.withResolvers<undefined>();
  const house = await makeHouse({}, { revocation: () => slowRevocation(answer.promise) });
  const vehicle = await house.dial(await house.issue("drone-001"));
  await house.clock.advance(loginTimeoutMs + 100);
  deepEqual([vehicle.end?.reason, house.relay.facts().refused.get("revocation_unknown")], ["revocation_unknown", 1]);
  answer.resolve(undefined);
  await house.clock.advance(100);
  deepEqual([house.relay.facts().counters.logins, house.relay.facts().links], [0, 0]);
  await house.relay.drain();
});
