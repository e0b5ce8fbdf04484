import "reflect-metadata";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import {
  type CertificateRequest,
  type CertifiedKey,
  derOf,
  issueCertificate,
  issuerExtensions,
  leafExtensions,
  makeAuthority,
} from "../testing/certificates.ts";
import { certificateCheck, claimedVehicle } from "./certificate.ts";

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;
const minuteMs = 60_000;
const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
const authority = await makeAuthority("fleet", validity);
const stranger = await makeAuthority("fleet", validity);
const check = certificateCheck({ roots: [authority.root.certPem] });

const client = ExtendedKeyUsage.clientAuth;
const goodExtensions = leafExtensions(client, [{ type: "url", value: "systemscale://vehicle/drone-001" }]);

/** A leaf that is good but for the changes. */
function leafWith(change: Partial<CertificateRequest> = {}): Promise<CertifiedKey> {
  return issueCertificate({
    ...validity,
    subject: "CN=drone-001",
    algorithm: "ed25519",
    extensions: goodExtensions,
    issuer: authority.vehicleIssuer,
    ...change,
  });
}

/** `ok`, or the code that the chain is refused with. */
function answer(chain: readonly (CertifiedKey | Uint8Array)[], atMs = nowMs, by = check): string {
  const verdict = by(chain.map((part) => part instanceof Uint8Array ? part : derOf(part.certPem)), atMs);
  return verdict.ok ? "ok" : verdict.code;
}

/** The good extensions without those of a kind, and with others. */
function extensionsBut(without: string, ...added: Extension[]): Extension[] {
  return [...goodExtensions.filter(({ type }) => type !== without), ...added];
}

const types = { constraints: "2.5.29.19", keyUsage: "2.5.29.15", purposes: "2.5.29.37", names: "2.5.29.17" };
const names = (...uris: string[]) =>
  new SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url" as const, value })));

/** Each leaf has one fault, or none. */
const leaves: [string, Partial<CertificateRequest>, string][] = [
  ["nothing wrong", {}, "ok"],
  ["a P-256 key", { algorithm: "p256" }, "ok"],
  ["a P-384 key", { algorithm: "p384" }, "bad_certificate"],
  ["no alternative names", { extensions: extensionsBut(types.names) }, "ok"],
  ["a DNS name as step ca adds", {
    extensions: extensionsBut(
      types.names,
      new SubjectAlternativeNameExtension([{ type: "dns", value: "anything" }]),
    ),
  }, "ok"],
  ["both purposes as step ca sets", {
    extensions: extensionsBut(types.purposes, new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, client])),
  }, "ok"],
  ["an unknown extension", {
    extensions: [...goodExtensions, new Extension("1.3.6.1.4.1.37476.9000.64.1", false, new Uint8Array([5, 0]))],
  }, "ok"],
  ["an unknown critical extension", {
    extensions: [...goodExtensions, new Extension("1.3.6.1.4.1.37476.9000.64.1", true, new Uint8Array([5, 0]))],
  }, "bad_certificate"],
  ["the same extension twice", { extensions: [...goodExtensions, names()] }, "bad_certificate"],
  ["an authority", {
    extensions: extensionsBut(types.constraints, new BasicConstraintsExtension(true, 0, true)),
  }, "bad_certificate"],
  ["no basic constraints", { extensions: extensionsBut(types.constraints) }, "ok"],
  ["no key usage", { extensions: extensionsBut(types.keyUsage) }, "bad_certificate"],
  ["key usage without digitalSignature", {
    extensions: extensionsBut(types.keyUsage, new KeyUsagesExtension(KeyUsageFlags.keyAgreement, true)),
  }, "bad_certificate"],
  ["key usage with keyCertSign", {
    extensions: extensionsBut(
      types.keyUsage,
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign, true),
    ),
  }, "bad_certificate"],
  ["no purposes", { extensions: extensionsBut(types.purposes) }, "bad_certificate"],
  ["a server's purpose", {
    extensions: extensionsBut(types.purposes, new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])),
  }, "bad_certificate"],
  ["no common name", { subject: "O=drone-001" }, "bad_certificate"],
  ["two common names", { subject: "CN=drone-001, CN=drone-002" }, "bad_certificate"],
  ["two common names in one set", { subject: "CN=drone-001+CN=drone-002" }, "bad_certificate"],
  ["an organisation besides", { subject: "O=fleet, CN=drone-001" }, "ok"],
  ["a common name that no subject may carry", { subject: "CN=drone.001" }, "bad_certificate"],
  ["a common name with a wildcard", { subject: "CN=>" }, "bad_certificate"],
  ["a common name in another script", { subject: "CN=drоne-001" }, "bad_certificate"],
  ["a URI of another vehicle", {
    extensions: extensionsBut(types.names, names("systemscale://vehicle/drone-002")),
  }, "identity_mismatch"],
  ["a URI of another vehicle besides its own", {
    extensions: extensionsBut(
      types.names,
      names("systemscale://vehicle/drone-001", "systemscale://vehicle/drone-0011"),
    ),
  }, "identity_mismatch"],
  ["a URI of another scheme", { extensions: extensionsBut(types.names, names("https://example.com/drone-002")) }, "ok"],
  ["an end that has passed", { notAfterMs: nowMs - 1000 }, "certificate_expired"],
  ["an end that comes now", { notAfterMs: nowMs }, "ok"],
  ["a beginning within the tolerance", { notBeforeMs: nowMs + 5 * minuteMs }, "ok"],
  ["a beginning beyond the tolerance", { notBeforeMs: nowMs + 5 * minuteMs + 1000 }, "certificate_not_yet_valid"],
  ["the root as issuer", { issuer: authority.root }, "ok"],
  ["the relays' issuer", { issuer: authority.relayIssuer }, "unknown_issuer"],
  ["a stranger's issuer of the same name", { issuer: stranger.vehicleIssuer }, "unknown_issuer"],
  ["itself as issuer", { issuer: undefined }, "unknown_issuer"],
  ["a serial number of 20 bytes", { serial: `7f${"00".repeat(19)}` }, "ok"],
  ["a serial number that no list of revoked ones can name", { serial: `7f${"00".repeat(20)}` }, "bad_certificate"],
  ["more than 4 KiB", {
    extensions: [...goodExtensions, new Extension("1.2.3.4", false, new Uint8Array(4096))],
  }, "bad_certificate"],
];

for (const [what, change, wanted] of leaves) {
  Deno.test(`a leaf with ${what} is answered ${wanted}`, async () => {
    strictEqual(answer([await leafWith(change), authority.vehicleIssuer]), wanted);
  });
}

Deno.test("a good chain tells vehicle, key, serial number and end", async () => {
  const leaf = await leafWith({ notAfterMs: nowMs + 1000 });
  const verdict = check([leaf, authority.vehicleIssuer].map(({ certPem }) => derOf(certPem)), nowMs);
  ok(verdict.ok);
  deepStrictEqual([verdict.vehicle, verdict.notAfterMs], ["drone-001", nowMs + 1000]);
  strictEqual(verdict.publicKey.asymmetricKeyType, "ed25519");
  ok(/^1[0-9a-f]{31}$/.test(verdict.serial), verdict.serial);
});

Deno.test("a session ends with the intermediate when that ends first", async () => {
  const leaf = await leafWith({ notAfterMs: nowMs + 9 * dayMs });
  const verdict = check([leaf, authority.vehicleIssuer].map(({ certPem }) => derOf(certPem)), nowMs);
  ok(verdict.ok);
  strictEqual(verdict.notAfterMs, validity.notAfterMs);
  strictEqual(answer([leaf, authority.vehicleIssuer], nowMs + 2 * dayMs), "certificate_expired");
});

/** Each intermediate has one fault; the leaf below it has none. */
const intermediates: [string, Partial<CertificateRequest>, string][] = [
  ["nothing wrong", {}, "ok"],
  ["any purpose", { extensions: issuerExtensions({ pathLength: 0 }) }, "ok"],
  ["a server's purpose", {
    extensions: issuerExtensions({ pathLength: 0, purpose: ExtendedKeyUsage.serverAuth }),
  }, "unknown_issuer"],
  ["no authority", { extensions: goodExtensions }, "unknown_issuer"],
  ["no right to sign certificates", {
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ],
  }, "unknown_issuer"],
  ["no key usage", { extensions: [new BasicConstraintsExtension(true, 0, true)] }, "unknown_issuer"],
  ["name constraints that nobody here checks", {
    extensions: [...issuerExtensions({ pathLength: 0 }), new Extension("2.5.29.30", true, new Uint8Array([0x30, 0]))],
  }, "bad_certificate"],
  ["another intermediate above it", { issuer: authority.vehicleIssuer }, "unknown_issuer"],
  ["a stranger's root", { issuer: stranger.root }, "unknown_issuer"],
  ["an end that has passed", { notAfterMs: nowMs - 1000 }, "certificate_expired"],
  ["a beginning that is far", { notBeforeMs: nowMs + 6 * minuteMs }, "certificate_not_yet_valid"],
];

for (const [what, change, wanted] of intermediates) {
  Deno.test(`a leaf below an intermediate with ${what} is answered ${wanted}`, async () => {
    const intermediate = await issueCertificate({
      ...validity,
      subject: "CN=another issuer",
      algorithm: "p256",
      extensions: issuerExtensions({ pathLength: 0, purpose: client }),
      issuer: authority.root,
      ...change,
    });
    const chain = [await leafWith({ issuer: intermediate }), intermediate];
    strictEqual(answer(chain), wanted);
    strictEqual(answer(chain), wanted, "and the same again");
  });
}

Deno.test("intermediates may come in any order, but not be missing or too many", async () => {
  const leaf = await leafWith();
  const { vehicleIssuer, relayIssuer } = authority;
  strictEqual(answer([leaf, relayIssuer, vehicleIssuer]), "ok");
  strictEqual(answer([leaf]), "unknown_issuer");
  strictEqual(answer([]), "bad_certificate");
  strictEqual(answer([leaf, vehicleIssuer, relayIssuer, relayIssuer]), "bad_certificate");
  strictEqual(answer([vehicleIssuer, leaf]), "bad_certificate");
});

Deno.test("with known issuers given, nobody else may issue", async () => {
  const other = await issueCertificate({
    ...validity,
    subject: "CN=retired issuer",
    algorithm: "p256",
    extensions: issuerExtensions({ pathLength: 0, purpose: client }),
    issuer: authority.root,
  });
  const strict = certificateCheck({ roots: [authority.root.certPem], issuers: [authority.vehicleIssuer.certPem] });
  strictEqual(answer([await leafWith()], nowMs, strict), "ok");
  strictEqual(answer([await leafWith({ issuer: other }), other], nowMs, strict), "unknown_issuer");
  strictEqual(answer([await leafWith({ issuer: authority.root })], nowMs, strict), "unknown_issuer");
});

Deno.test("a root that allows no authority below it is heeded", async () => {
  const root = await issueCertificate({
    ...validity,
    subject: "CN=narrow root",
    algorithm: "p256",
    extensions: issuerExtensions({ pathLength: 0 }),
  });
  const narrow = certificateCheck({ roots: [root.certPem] });
  const below = await issueCertificate({
    ...validity,
    subject: "CN=below",
    algorithm: "p256",
    extensions: issuerExtensions({ pathLength: 0, purpose: client }),
    issuer: root,
  });
  strictEqual(answer([await leafWith({ issuer: root })], nowMs, narrow), "ok");
  strictEqual(answer([await leafWith({ issuer: below }), below], nowMs, narrow), "unknown_issuer");
});

Deno.test("a root may end, an intermediate may not", async () => {
  const old = await makeAuthority("old", { ...validity, notAfterMs: nowMs - 1000 });
  const oldCheck = certificateCheck({ roots: [old.root.certPem] });
  strictEqual(answer([await leafWith({ issuer: old.root })], nowMs, oldCheck), "ok");
  strictEqual(
    answer([await leafWith({ issuer: old.vehicleIssuer }), old.vehicleIssuer], nowMs, oldCheck),
    "certificate_expired",
  );
});

Deno.test("trust that makes no sense is a fault of the configuration", async () => {
  const roots = [authority.root.certPem];
  const leaf = await leafWith();
  for (
    const trust of [
      { roots: [] },
      { roots: ["nothing"] },
      { roots: [leaf.certPem] },
      { roots: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] },
      { roots, issuers: [authority.relayIssuer.certPem] },
      { roots, issuers: [stranger.vehicleIssuer.certPem] },
    ]
  ) throws(() => certificateCheck(trust), { code: "bad_config" });
});

Deno.test("several certificates in one text are all taken", async () => {
  const both = certificateCheck({ roots: [stranger.root.certPem + authority.root.certPem] });
  strictEqual(answer([await leafWith(), authority.vehicleIssuer], nowMs, both), "ok");
});

Deno.test("a claimed name is told only when it has the form of one", async () => {
  strictEqual(claimedVehicle(derOf((await leafWith({ issuer: stranger.root })).certPem)), "drone-001");
  strictEqual(claimedVehicle(derOf((await leafWith({ subject: "CN=a b\nc" })).certPem)), "");
  strictEqual(claimedVehicle(new Uint8Array([0x30, 0x80])), "");
});

Deno.test("no changed bit, cut or random bytes make a certificate that is taken", async () => {
  const issuer = derOf(authority.vehicleIssuer.certPem);
  const leaf = derOf((await leafWith()).certPem);
  for (let length = 0; length < leaf.byteLength; length++) {
    strictEqual(answer([leaf.slice(0, length), issuer]), "bad_certificate", `cut at ${length}`);
  }
  fc.assert(
    fc.property(fc.nat(leaf.byteLength - 1), fc.nat(7), (at, bit) => {
      const changed = leaf.slice();
      changed[at] ^= 1 << bit;
      ok(answer([changed, issuer]) !== "ok");
    }),
    { numRuns: 1000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    strictEqual(answer([bytes, issuer]), "bad_certificate");
  }));
});
