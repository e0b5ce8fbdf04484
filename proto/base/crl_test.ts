import "reflect-metadata";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
  X509CrlGenerator,
  X509CrlReason,
} from "@peculiar/x509";
import fc from "fast-check";
import { Fault } from "../errors.ts";
import { type CertifiedKey, issueCertificate, issuerExtensions, leafExtensions } from "../testing/certificates.ts";
import { crlEntry, crlNumber, type CrlParts, makeCrl } from "../testing/crls.ts";
import { der, derInteger, derTime, extension } from "../testing/der.ts";
import { type Crl, crlBytesMax, crlIssuerOf, crlIssuersOf, readCrl } from "./crl.ts";

const madeMs = Date.UTC(2026, 5, 1);
const hourMs = 3_600_000;
const validity = { notBeforeMs: madeMs - hourMs, notAfterMs: madeMs + 1000 * hourMs };
const bad = { code: "bad_crl" };

function anIssuer(subject: string, algorithm: "p256" | "ed25519" = "p256"): Promise<CertifiedKey> {
  return issueCertificate({ ...validity, subject, algorithm, extensions: issuerExtensions({ pathLength: 0 }) });
}

const issuer = await anIssuer("CN=vehicles");
const stranger = await anIssuer("CN=vehicles");
const trusted = crlIssuerOf(issuer.certPem);
const request = { issuer, number: 7n, thisUpdateMs: madeMs, nextUpdateMs: madeMs + hourMs };
const serials = ["1", "80", "deadbeefdeadbeefdeadbeefdeadbeef"];

/** A list that is good but for the changes. */
function listWith(change: Partial<CrlParts> = {}): Uint8Array {
  return makeCrl({ ...request, serials, change });
}

Deno.test("a good list tells its number, its times and whom it revokes", () => {
  const crl = readCrl(listWith(), trusted);
  deepStrictEqual([crl.number, crl.thisUpdateMs, crl.nextUpdateMs], [7n, madeMs, madeMs + hourMs]);
  deepStrictEqual([...serials, "2", "81"].map((serial) => crl.serials.has(serial)), [true, true, true, false, false]);
  strictEqual(crl.serials.size, 3);
});

Deno.test("Ed25519 signs lists too, and a list may be empty, or end after 2050", async () => {
  const other = await anIssuer("CN=others", "ed25519");
  const nextUpdateMs = Date.UTC(2051, 0, 1);
  const crl = readCrl(makeCrl({ ...request, issuer: other, nextUpdateMs }), crlIssuerOf(other.certPem));
  deepStrictEqual([crl.serials.size, crl.nextUpdateMs], [0, nextUpdateMs]);
});

Deno.test("a list that says the same as the one held is that one, whoever signed it when, and no other is", () => {
  const held = readCrl(listWith(), trusted);
  strictEqual(readCrl(listWith(), trusted, held), held);
  const next = readCrl(listWith({ extensions: [crlNumber(8n)] }), trusted, held);
  deepStrictEqual([next.number, next.digest === held.digest], [8n, false]);
});

const point = (part: Uint8Array) => extension("551d1c", der(0x30, part), { critical: true });
const unknown = (options: { critical: boolean }) => extension("2a0304", Uint8Array.of(5, 0), options);
const number = crlNumber(7n);
const entry = (...extensions: Uint8Array[]) => ({ entries: crlEntry("1", madeMs, extensions) });

/** Each list has one thing that is unusual, and is good all the same. */
const goodLists: [string, Partial<CrlParts>][] = [
  ["an address and only users, as step-ca writes", {
    extensions: [number, point(Uint8Array.of(0xa0, 0)), extension("551d23", Uint8Array.of(0x30, 0))],
  }],
  ["a point for users alone", { extensions: [number, point(Uint8Array.of(0x81, 1, 0xff))] }],
  ["an unknown extension", { extensions: [number, unknown({ critical: false })] }],
  ["reasons", entry(extension("551d15", Uint8Array.of(0x0a, 1, 1)))],
  ["reasons that are critical", entry(extension("551d15", Uint8Array.of(0x0a, 1, 1), { critical: true }))],
  ["invalidity dates", entry(extension("551d18", derTime(madeMs)), extension("551d15", Uint8Array.of(0x0a, 1, 1)))],
  ["an unknown extension of an entry", entry(unknown({ critical: false }))],
  ["the longest serial number", {
    entries: Uint8Array.of(...crlEntry("ff".repeat(20), madeMs), ...crlEntry("1", madeMs)),
  }],
  ["the largest number", { extensions: [crlNumber(2n ** 159n - 1n)] }],
];

for (const [what, change] of goodLists) {
  Deno.test(`a list with ${what} is taken`, () => {
    ok(readCrl(listWith(change), trusted).serials.has("1"));
  });
}

const reason = extension("551d15", Uint8Array.of(0x0a, 1, 1));

/** Each list has one fault. */
const badLists: [string, Partial<CrlParts>][] = [
  ["version 1", { version: der(2, Uint8Array.of(0)) }],
  ["no version", { version: new Uint8Array() }],
  ["another algorithm inside", { algorithm: Uint8Array.fromHex("300506032b6570") }],
  ["another issuer's name", { issuer: der(0x30, new Uint8Array()) }],
  ["no next update", { nextUpdate: new Uint8Array() }],
  ["an end before its beginning", { nextUpdate: derTime(madeMs) }],
  ["a time with fractions", { thisUpdate: der(0x18, new TextEncoder().encode("20260601000000.5Z")) }],
  ["no number", { extensions: [unknown({ critical: false })] }],
  ["a negative number", { extensions: [extension("551d14", der(2, Uint8Array.of(0x80)))] }],
  ["a number of 21 bytes", { extensions: [crlNumber(2n ** 160n)] }],
  ["a number twice", { extensions: [number, number] }],
  ["an unknown critical extension", { extensions: [number, unknown({ critical: true })] }],
  ["a delta indicator", { extensions: [number, extension("551d1b", derInteger("1"), { critical: true })] }],
  ["a delta indicator that is not critical", { extensions: [number, extension("551d1b", derInteger("1"))] }],
  ["authorities only", { extensions: [number, point(Uint8Array.of(0x82, 1, 0xff))] }],
  ["some reasons only", { extensions: [number, point(Uint8Array.of(0x83, 2, 0, 0x40))] }],
  ["others' certificates", { extensions: [number, point(Uint8Array.of(0x84, 1, 0xff))] }],
  ["an entry of another issuer", entry(extension("551d1d", Uint8Array.of(0x30, 0), { critical: true }))],
  ["an entry that is no sequence", { entries: derInteger("1") }],
  ["an entry without a date", { entries: der(0x30, derInteger("1")) }],
  ["an entry with an integer as date", { entries: der(0x30, Uint8Array.of(2, 1, 1, 2, 1, 1)) }],
  ["an empty serial number", { entries: der(0x30, Uint8Array.of(2, 0, ...derTime(madeMs))) }],
  ["a serial number of 21 bytes", { entries: crlEntry("7f".padEnd(42, "0"), madeMs) }],
  ["a negative serial number of 21 bytes", { entries: der(0x30, der(2, new Uint8Array(21).fill(0xff))) }],
  ["an entry with more behind its extensions", {
    entries: der(0x30, Uint8Array.of(...derInteger("1"), ...derTime(madeMs), 0x30, 0, ...reason)),
  }],
  ["an entry with more in an extension", entry(der(0x30, Uint8Array.of(6, 3, 0x55, 0x1d, 0x15, 4, 1, 0, 5, 0)))],
  ["an entry with half an extension", {
    entries: der(0x30, Uint8Array.of(...derInteger("1"), ...derTime(madeMs), 0x30, 7, 0x30, 5, 6, 3, 0x55, 0x1d, 0x15)),
  }],
];

for (const [what, change] of badLists) {
  Deno.test(`a list with ${what} is refused`, () => throws(() => readCrl(listWith(change), trusted), bad));
}

Deno.test("a list is refused that a stranger of the same name signed, or that was changed after", () => {
  throws(() => readCrl(makeCrl({ ...request, issuer: stranger }), trusted), bad);
  const list = listWith();
  // One bit of each byte: every one costs a verification.
  for (let at = 0; at < list.length; at++) {
    const flipped = list.slice();
    flipped[at] ^= 1 << (at & 7);
    throws(() => readCrl(flipped, trusted), bad, `byte ${at}`);
  }
  for (let length = 0; length < list.length; length++) throws(() => readCrl(list.subarray(0, length), trusted), bad);
  throws(() => readCrl(Uint8Array.of(...list, 0), trusted), bad);
});

Deno.test("a list above the bound is refused before it is looked at", () => {
  throws(() => readCrl(new Uint8Array(crlBytesMax + 1), trusted), { code: "too_large" });
});

/** Reads hostile bytes: a list, or undefined when they are refused as they should be. */
function attempt(bytes: Uint8Array): Crl | undefined {
  try {
    return readCrl(bytes, trusted);
  } catch (thrown) {
    ok(thrown instanceof Fault && thrown.code === "bad_crl", String(thrown));
    return undefined;
  }
}

Deno.test("random bytes are refused, and hostile entries under a true signature are refused or give a list", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => attempt(bytes) === undefined));
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
  const entries = crlEntry("abc", madeMs, [
    extension("551d15", Uint8Array.of(0x0a, 1, 1)),
    unknown({ critical: false }),
  ]);
  fc.assert(
    fc.property(damage, fc.nat(200), fc.uint8Array({ maxLength: 20 }), (hits, cut, tail) => {
      const hostile = Uint8Array.of(...entries.subarray(0, cut), ...tail);
      for (const [at, byte] of hits) if (hostile.length > 0) hostile[at % hostile.length] = byte;
      attempt(listWith({ entries: hostile }));
      attempt(listWith({ extensions: [number, hostile] }));
    }),
    { numRuns: 150 },
  );
});

const reasons = [X509CrlReason.unspecified, X509CrlReason.keyCompromise, X509CrlReason.certificateHold];

Deno.test("lists of another implementation are read: exactly the listed ones are revoked", async () => {
  const key = await crypto.subtle.importKey(
    "pkcs8",
    PemConverter.decodeFirst(issuer.keyPem),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  const serial = fc.bigInt({ min: 1n, max: 2n ** 127n - 1n }).map((value) => value.toString(16));
  const revoked = fc.uniqueArray(fc.tuple(serial, fc.constantFrom(undefined, ...reasons)), {
    selector: ([one]) => one,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(revoked, fc.array(serial), async (entries, others) => {
      const list = await X509CrlGenerator.create({
        issuer: new X509Certificate(issuer.certPem).subjectName,
        thisUpdate: new Date(madeMs),
        nextUpdate: new Date(madeMs + hourMs),
        signingKey: key,
        signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
        entries: entries.map(([one, reason]) => ({
          serialNumber: one.padStart(one.length + one.length % 2, "0"),
          revocationDate: new Date(madeMs),
          reason,
        })),
        extensions: [new Extension("2.5.29.20", false, new Uint8Array(derInteger("7")))],
      });
      const wanted = new Set(entries.map(([one]) => one));
      const crl = attempt(new Uint8Array(list.rawData));
      ok(crl !== undefined);
      for (const one of [...wanted, ...others]) strictEqual(crl.serials.has(one), wanted.has(one), one);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a list made by openssl is read for ever", async () => {
  const folder = new URL("../testdata/crl/", import.meta.url);
  const list = Uint8Array.fromHex((await readFile(new URL("openssl_crl.hex", folder), "utf8")).replaceAll(/\s/g, ""));
  const other = crlIssuerOf(await readFile(new URL("issuer.crt", folder), "utf8"));
  const crl = readCrl(list, other);
  strictEqual(other.name, "Example vehicles");
  deepStrictEqual([crl.number, crl.serials.size], [42n, 4]);
  deepStrictEqual([crl.thisUpdateMs, crl.nextUpdateMs], [Date.UTC(2026, 5, 3, 12), Date.UTC(2026, 5, 4, 12)]);
  const revoked = ["f", "1234", "deadbeef".repeat(4), `7f${"ff".repeat(19)}`];
  deepStrictEqual(revoked.map((serial) => crl.serials.has(serial)), [true, true, true, true]);
  deepStrictEqual(["11", "f0", "0", "12"].map((serial) => crl.serials.has(serial)), [false, false, false, false]);
});

Deno.test("only one authority that may sign lists is an issuer of them", async () => {
  const badConfig = { code: "bad_config" };
  const leaf = await issueCertificate({
    ...validity,
    subject: "CN=drone-001",
    algorithm: "p256",
    extensions: leafExtensions(ExtendedKeyUsage.clientAuth, []),
  });
  throws(() => crlIssuerOf(""), badConfig);
  throws(() => crlIssuerOf(issuer.certPem + stranger.certPem), badConfig);
  throws(() => crlIssuerOf(leaf.certPem), badConfig);
  const quiet = await issueCertificate({
    ...validity,
    subject: "CN=quiet",
    algorithm: "p256",
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  throws(() => crlIssuerOf(quiet.certPem), badConfig);
  const p384 = await issueCertificate({
    ...validity,
    subject: "CN=a",
    algorithm: "p384",
    extensions: issuerExtensions({ pathLength: 0 }),
  });
  throws(() => crlIssuerOf(p384.certPem), badConfig);
  const other = await anIssuer("CN=others");
  deepStrictEqual(crlIssuersOf([issuer.certPem, other.certPem]).map(({ name }) => name), ["vehicles", "others"]);
  throws(() => crlIssuersOf([issuer.certPem, stranger.certPem]), badConfig);
});
