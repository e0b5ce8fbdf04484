import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { renewDelayMs, renewMsMax } from "../limits.ts";
import { type RenewalParts, renewCertificate, type Renewed } from "./renewal.ts";

const dayMs = 86_400_000;
const startMs = Number(new VirtualClock().wallNs() / 1_000_000n);
const authority = await makeAuthority("renewal", { notBeforeMs: 0, notAfterMs: Date.UTC(2049, 0) });
const failed: Renewed = { kind: "failed", detail: "no route" };

/** A pair whose life of thirty days ends in so many; of a key that another has, or its own. */
async function pairEnding(inDays: number, keyPem?: string): Promise<CredentialFiles> {
  const notAfterMs = startMs + inDays * dayMs;
  const renews = keyPem === undefined ? undefined : { keyPem, serial: "7f" };
  const leaf = await authority.issueVehicle("drone-001", { notBeforeMs: notAfterMs - 30 * dayMs, notAfterMs, renews });
  return { certificatePem: leaf.chainPem, keyPem: leaf.keyPem };
}

const old = await pairEnding(9);
const fresh = await pairEnding(29, old.keyPem);
const good: Renewed = { kind: "renewed", certificatePem: fresh.certificatePem };

/** Answers in turn, the last one again and again; and what stands in the files in the end. */
function stageFor(files: CredentialFiles, answers: readonly (Renewed | Fault)[]) {
  const clock = new VirtualClock();
  const askedAtMs: number[] = [];
  const stage = { files };
  const parts: RenewalParts = {
    vehicleId: parseVehicleId("drone-001"),
    authority: {
      renew: () => {
        const answer = answers[Math.min(askedAtMs.length, answers.length - 1)];
        askedAtMs.push(clock.uptimeMs());
        return answer instanceof Fault ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    folder: {
      read: () => Promise.resolve(stage.files),
      replaceCertificate: (certificatePem) => {
        stage.files = { ...stage.files, certificatePem };
        return Promise.resolve();
      },
    },
    clock,
    random: seededRandom(1),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    when: "due",
  };
  return { clock, askedAtMs, stage, parts };
}

Deno.test("a certificate with more than a third of its life left is not renewed, and nobody is asked", async () => {
  const { parts, askedAtMs } = stageFor(await pairEnding(10.5), [failed]);
  const end = await renewCertificate(parts);
  ok(end.kind === "not_due");
  deepEqual([end.daysLeft, end.dueAtMs - startMs, askedAtMs], [10.5, dayMs / 2, []]);
});

Deno.test("one that has ended is not asked for, unless an operator says so: a CA may renew it", async () => {
  const ended = await pairEnding(-1);
  const { parts, askedAtMs, stage } = stageFor(ended, [{
    ...good,
    certificatePem: (await pairEnding(29, ended.keyPem)).certificatePem,
  }]);
  deepEqual([(await renewCertificate(parts)).kind, askedAtMs], ["ended", []]);
  equal((await renewCertificate({ ...parts, when: "anyway" })).kind, "renewed");
  ok(stage.files.certificatePem !== ended.certificatePem);
});

Deno.test("one that is due is renewed and replaced, its key stays", async () => {
  const { parts, stage, askedAtMs } = stageFor(old, [good]);
  deepEqual(await renewCertificate(parts), { kind: "renewed", notAfterMs: startMs + 29 * dayMs });
  deepEqual([stage.files, askedAtMs.length], [{ ...fresh, keyPem: old.keyPem }, 1]);
});

Deno.test("over a bad link it is asked for again at growing distances", async () => {
  const { parts, clock, stage, askedAtMs } = stageFor(old, [failed, failed, failed, good]);
  equal((await clock.run(renewCertificate(parts))).kind, "renewed");
  equal(stage.files.certificatePem, fresh.certificatePem);
  const waits = askedAtMs.slice(1).map((atMs, i) => atMs - askedAtMs[i]);
  equal(waits.length, 3);
  waits.forEach((waitMs, i) => ok(waitMs >= renewDelayMs * 2 ** i / 2 && waitMs <= renewDelayMs * 2 ** i, `${waits}`));
});

Deno.test("a link that stays away is given up in time, with the last reason, and the files stay", async () => {
  const { parts, clock, stage, askedAtMs } = stageFor(old, [failed]);
  const beganMs = clock.uptimeMs();
  const end = await clock.run(renewCertificate(parts));
  ok(end.kind === "given_up");
  deepEqual([end.detail, end.attempts, stage.files], ["no route", askedAtMs.length, old]);
  const lastedMs = clock.uptimeMs() - beganMs;
  ok(lastedMs > renewMsMax / 2 && lastedMs < renewMsMax, `${lastedMs}`);
  ok(end.attempts > 8 && end.attempts < 20, `${end.attempts}`);
});

Deno.test("a refusal ends it at once, and so does a CA that cannot be asked at all", async () => {
  const { parts, askedAtMs, stage } = stageFor(old, [{ kind: "refused", detail: "revoked" }]);
  deepEqual(await renewCertificate(parts), { kind: "refused", detail: "revoked" });
  deepEqual([askedAtMs.length, stage.files], [1, old]);
  const unable = stageFor(old, [new Fault("bad_config", "Cannot run step")]);
  await rejects(renewCertificate(unable.parts), { code: "bad_config" });
});

Deno.test("a new certificate that would not serve takes nobody's place", async () => {
  const otherVehicle = await authority.issueVehicle("drone-002", { notBeforeMs: startMs, notAfterMs: startMs + dayMs });
  for (
    const [certificatePem, reason] of [
      [(await pairEnding(29)).certificatePem, /for another key/],
      [otherVehicle.chainPem, /drone-002/],
      [(await pairEnding(8, old.keyPem)).certificatePem, /no later/],
      ["", /0 certificates/],
    ] as const
  ) {
    const { parts, stage } = stageFor(old, [{ kind: "renewed", certificatePem }]);
    const end = await renewCertificate(parts);
    ok(end.kind === "refused");
    match(end.detail, reason);
    equal(stage.files, old);
  }
});
