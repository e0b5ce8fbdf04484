import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "../errors.ts";
import { credentialPollMs, credentialSettleMs } from "../limits.ts";
import { readWords, wordPair } from "../testing/credentials.ts";
import { type CredentialFiles, CredentialWatch } from "./credential_watch.ts";

const nowMs = 1_780_000_000_000;
const hourMs = 3_600_000;
const validity = { notBeforeMs: nowMs - hourMs, notAfterMs: nowMs + hourMs };
const [old, fresh] = [wordPair("old", validity, "issuer"), wordPair("fresh", validity, "issuer")];
const mixed = { certificatePem: fresh.certificatePem, keyPem: old.keyPem };

/** A watch that is shown files once every poll interval. */
function watching() {
  const watch = new CredentialWatch(old, readWords);
  let looks = 0;
  const look = (found: CredentialFiles | Fault) => {
    const uptimeMs = looks++ * credentialPollMs;
    return watch.handleFiles(found, { uptimeMs, wallNs: BigInt(nowMs + uptimeMs) * 1_000_000n });
  };
  return { watch, look };
}

/** What was told while the same was found for so long. */
function toldDuring(durationMs: number, { look }: Pick<ReturnType<typeof watching>, "look">, files: CredentialFiles) {
  const steps = Array.from({ length: durationMs / credentialPollMs + 1 }, () => look(files));
  return steps.flatMap((step) => step.kind === "tell" ? [step.fault.message] : []);
}

Deno.test("a new pair is used once it was seen twice, and then stays", () => {
  const { watch, look } = watching();
  equal(look(old).kind, "keep");
  equal(look(fresh).kind, "keep");
  const step = look(fresh);
  ok(step.kind === "use");
  equal(step.credentials.leaf.serial, "fresh");
  deepEqual([look(fresh).kind, watch.fault], ["keep", undefined]);
});

Deno.test("a pair that is written one file after the other is used when both are there, without a word between", () => {
  const { look } = watching();
  const cut = { ...fresh, certificatePem: fresh.certificatePem.slice(0, 3) };
  const kinds = [mixed, cut, mixed, fresh, fresh].map((files) => look(files).kind);
  deepEqual(kinds, ["keep", "keep", "keep", "keep", "use"]);
});

Deno.test("a chain of which only the leaf is written yet is not used", () => {
  const { look } = watching();
  const leafAlone = wordPair("fresh", validity).certificatePem;
  look({ ...fresh, certificatePem: leafAlone });
  equal(look(fresh).kind, "keep");
  const step = look(fresh);
  equal(step.kind === "use" && step.credentials.chain.length, 1);
});

Deno.test("what stays wrong is told once, with its reason, and told again when it is another wrong", () => {
  const ended = wordPair("ended", { notBeforeMs: 0, notAfterMs: nowMs - 1 });
  for (
    const [files, reason] of [
      [mixed, /for another key/],
      [ended, /it ended/],
      [{ ...fresh, certificatePem: "" }, /no certificate/],
    ] as const
  ) {
    const { watch, look } = watching();
    deepEqual(toldDuring(credentialSettleMs - credentialPollMs, { look }, files), []);
    const told = toldDuring(hourMs, { look }, files);
    equal(told.length, 1);
    match(told[0], reason);
    match(watch.fault?.message ?? "", reason);
    equal(toldDuring(hourMs, { look }, { ...files, keyPem: "" }).length, 1);
    look(old);
    equal(watch.fault, undefined);
  }
});

Deno.test("files that change again and again and never serve are complained about all the same", () => {
  const { look } = watching();
  const steps = Array.from({ length: 8 }, (_, i) => look({ ...mixed, certificatePem: `nothing ${i}` }).kind);
  ok(steps.includes("tell"), steps.join());
});

Deno.test("a file that cannot be read leaves the old pair in use, and is told of when it stays so", () => {
  const { watch, look } = watching();
  const fault = new Fault("bad_config", "Cannot read");
  const kinds = Array.from({ length: 5 }, () => look(fault).kind);
  deepEqual(kinds, ["keep", "keep", "keep", "tell", "keep"]);
  equal(watch.fault, fault);
  look(fresh);
  equal(look(fresh).kind, "use");
});

Deno.test("a pair that is not valid yet is used when its time has come", () => {
  const soon = wordPair("soon", { notBeforeMs: nowMs + hourMs / 2, notAfterMs: nowMs + 2 * hourMs });
  const { watch, look } = watching();
  toldDuring(credentialSettleMs, { look }, soon);
  equal(watch.fault?.code, "certificate_not_yet_valid");
  const kinds = new Set(Array.from({ length: hourMs / credentialPollMs }, () => look(soon).kind));
  ok(kinds.has("use"));
});

Deno.test("whatever is seen in between, a pair is used only when seen twice in a row, and it belongs together", () => {
  const certificates = [old, fresh].map(({ certificatePem }) => certificatePem);
  const keys = [old, fresh].map(({ keyPem }) => keyPem);
  const look = fc.record({
    certificatePem: fc.constantFrom(...certificates, ""),
    keyPem: fc.constantFrom(...keys, ""),
  });
  fc.assert(fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
    const { look } = watching();
    let inUse = old;
    looks.forEach((files, i) => {
      if (look(files).kind !== "use") return;
      deepEqual(files, looks[i - 1]);
      equal(certificates.indexOf(files.certificatePem), keys.indexOf(files.keyPem));
      ok(files.keyPem !== inUse.keyPem, "what is in use is not used anew");
      inUse = files;
    });
  }));
});
