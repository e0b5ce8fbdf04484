/**
 * A list of revoked certificates as a relay reads it and asks it: time to verify and read, time of a look-up of those
 * that are on it and those that are not, and memory. A Set of texts looks up beside it.
 *
 *     deno task bench crl [--serials N] [--rounds N]
 *
 * Serial numbers have 16 bytes and every entry a reason, as step-ca writes them. Three figures are smallest, median and
 * largest of the rounds. Reading is CPU time of the process, look-ups are wall time.
 */
import { ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import { issueCertificate, issuerExtensions } from "../testing/certificates.ts";
import { crlEntry, makeCrl } from "../testing/crls.ts";
import { extension } from "../testing/der.ts";
import { crlIssuerOf, readCrl } from "./crl.ts";

const { values } = parseArgs({
  options: { serials: { type: "string", default: "100000" }, rounds: { type: "string", default: "9" } },
});
const [count, rounds] = [Number(values.serials), Number(values.rounds)];
const madeMs = Date.UTC(2026, 5, 1);

/** 16 bytes that look like chance; those of other `kind`s differ. */
function serialsOf(kind: string): string[] {
  return Array.from({ length: count }, (_, i) => {
    const hash = createHash("sha256").update(`${kind} ${i}`).digest("hex");
    return `1${hash.slice(0, 31)}`;
  });
}

function spread(values: readonly number[], unit: string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const three = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]];
  return `${three.map((value) => value.toFixed(2)).join(" / ")} ${unit}`;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Microseconds of one look-up, on average over all of them. */
function lookUpUs(has: (serial: string) => boolean, asked: readonly string[], wanted: number): number {
  const start = performance.now();
  let found = 0;
  for (const serial of asked) if (has(serial)) found++;
  const us = (performance.now() - start) * 1000 / asked.length;
  ok(found === wanted, `${found} found, wanted ${wanted}`);
  return us;
}

const validity = { notBeforeMs: madeMs, notAfterMs: madeMs + 1 };
const extensions = issuerExtensions({ pathLength: 0 });
const issuer = await issueCertificate({ ...validity, subject: "CN=vehicles", algorithm: "p256", extensions });
const trusted = crlIssuerOf(issuer.certPem);
const [listed, others] = [serialsOf("listed"), serialsOf("other")];
const reason = extension("551d15", Uint8Array.of(0x0a, 1, 1));
const entries = new Uint8Array(
  await new Blob(listed.map((serial) => new Uint8Array(crlEntry(serial, madeMs, [reason])))).arrayBuffer(),
);
const list = makeCrl({ issuer, number: 1n, thisUpdateMs: madeMs, nextUpdateMs: madeMs + 1000, change: { entries } });

const texts: ReadonlySet<string> = new Set(listed);
const first = readCrl(list, trusted);

/** One measurement of everything. */
function measure() {
  const start = cpuMs();
  const { serials } = readCrl(list, trusted);
  const readMs = cpuMs() - start;
  ok(readCrl(list, trusted, first) === first);
  return {
    readMs,
    sameMs: cpuMs() - start - readMs,
    listedUs: lookUpUs((serial) => serials.has(serial), listed, count),
    othersUs: lookUpUs((serial) => serials.has(serial), others, 0),
    textsUs: lookUpUs((serial) => texts.has(serial), listed, count),
  };
}

const measured = Array.from({ length: rounds }, measure);
const of = (name: keyof (typeof measured)[number]) => measured.map((one) => one[name]);
console.log(`deno ${Deno.version.deno}, ${count} serials, ${list.length} bytes of DER, ${rounds} rounds`);
console.log(`verify and read   ${spread(of("readMs"), "ms CPU")}`);
console.log(`the same again    ${spread(of("sameMs"), "ms CPU")}`);
console.log(`look-up, listed   ${spread(of("listedUs"), "us")}    Set of texts ${spread(of("textsUs"), "us")}`);
console.log(`look-up, others   ${spread(of("othersUs"), "us")}`);
console.log(`memory            ${(first.serials.bytes / 1e6).toFixed(2)} MB`);
