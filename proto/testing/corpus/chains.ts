/** The chain: what is missing, too much, out of order, and issuers that may not issue. */
import type { Code } from "../../errors.ts";
import { der, derInteger, extension, sequence, withLongLength, withMore } from "../der.ts";
import type { BadChain } from "./bad_chain.ts";
import {
  type Change,
  issuerParts,
  leafParts,
  makeCertificate,
  makeKeys,
  nameOf,
  oids,
  usageOf,
  validityOf,
} from "./recipe.ts";
import { issuerOf, leafOf, type Stage } from "./stage.ts";

const none = new Uint8Array();
const yes = der(1, Uint8Array.of(0xff));

/** See the head of this file. */
export const badChains: readonly BadChain[] = [...orders(), ...issuers(), ...otherIssuers()];

function orders(): BadChain[] {
  const chains: [string, Code, (stage: Stage) => Uint8Array[], ("bad_hello")?][] = [
    ["of nothing", "bad_certificate", () => [], "bad_hello"],
    ["without the issuer", "unknown_issuer", (stage) => [leafOf(stage)]],
    ["of the issuer alone", "bad_certificate", (stage) => [issuerOf(stage)]],
    ["with the issuer first", "bad_certificate", (stage) => [issuerOf(stage), leafOf(stage)]],
    ["of the leaf twice", "unknown_issuer", (stage) => [leafOf(stage), leafOf(stage)]],
    ["with the root for the issuer", "unknown_issuer", (stage) => [leafOf(stage), rootOf(stage)]],
    ["of four", "bad_certificate", (stage) => [leafOf(stage), ...Array(3).fill(issuerOf(stage))], "bad_hello"],
    ["with an issuer that breaks off", "bad_certificate", (stage) => [leafOf(stage), issuerOf(stage).subarray(0, -1)]],
    ["with an issuer of no bytes", "bad_certificate", (stage) => [leafOf(stage), none]],
    ["with an issuer of zeros", "bad_certificate", (stage) => [leafOf(stage), new Uint8Array(300)]],
    [
      "with garbage behind the issuer",
      "bad_certificate",
      (stage) => [leafOf(stage), issuerOf(stage), new Uint8Array(9)],
    ],
    [
      "with garbage before the issuer",
      "bad_certificate",
      (stage) => [leafOf(stage), new Uint8Array(9), issuerOf(stage)],
    ],
    ["with an issuer too large", "bad_certificate", (stage) => [leafOf(stage), largeIssuerOf(stage)], "bad_hello"],
  ];
  return chains.map(([name, code, chain, codeAtLogin]) => ({ name: `a chain ${name}`, code, codeAtLogin, chain }));
}

/** Each changes the issuer's certificate; the leaf below it has no fault. */
function issuers(): BadChain[] {
  const constraints = (value: Uint8Array, critical = true): Change => ({
    extensions: { constraints: extension(oids.constraints, value, { critical }) },
  });
  const validity = (begin: number, end: number) => ({ nowMs }: Stage): Change => ({
    parts: () => ({ validity: validityOf(nowMs + begin, nowMs + end) }),
  });
  const faults: [string, Code, Change | ((stage: Stage) => Change)][] = [
    ["no authority", "unknown_issuer", constraints(sequence())],
    ["no basic constraints", "unknown_issuer", { extensions: { constraints: none } }],
    ["basic constraints that are not critical", "unknown_issuer", constraints(sequence(yes), false)],
    ["no authority, said", "bad_certificate", constraints(sequence(der(1, Uint8Array.of(0))))],
    [
      "a negative number of those that follow",
      "bad_certificate",
      constraints(sequence(yes, der(2, Uint8Array.of(0xff)))),
    ],
    ["no key usage", "unknown_issuer", { extensions: { usage: none } }],
    ["key usage digitalSignature only", "unknown_issuer", { extensions: { usage: usageOf(0x80, { unused: 7 }) } }],
    ["key usage cRLSign only", "unknown_issuer", { extensions: { usage: usageOf(0x02, { unused: 1 }) } }],
    ["a server's purpose only", "unknown_issuer", {
      extensions: { purposes: extension(oids.purposes, sequence(der(6, Uint8Array.fromHex(oids.serverAuth)))) },
    }],
    ["no purpose in its list", "bad_certificate", { extensions: { purposes: extension(oids.purposes, sequence()) } }],
    ["an end a second ago", "certificate_expired", validity(-9e6, -1000)],
    ["a beginning that is far", "certificate_not_yet_valid", validity(301_000, 9e6)],
    ["an end before its beginning", "bad_certificate", validity(120_000, 60_000)],
    ["name constraints that are critical", "bad_certificate", {
      extensions: { more: extension("551d1e", sequence(), { critical: true }) },
    }],
    ["a serial number below 0", "bad_certificate", { parts: () => ({ serial: der(2, Uint8Array.of(0xff)) }) }],
    ["version 1", "bad_certificate", { parts: () => ({ version: none }) }],
    ["another name", "unknown_issuer", { parts: () => ({ subject: nameOf("corpus issuer of another name") }) }],
    ["a stranger's key", "unknown_issuer", ({ stranger }) => ({ parts: () => ({ key: stranger.keys.publicDer }) })],
    ["a signature by a stranger", "unknown_issuer", () => ({ signer: makeKeys("p256") })],
    ["a signature by itself", "unknown_issuer", ({ issuer }) => ({ signer: issuer.keys })],
    ["itself as issuer", "unknown_issuer", ({ issuer }) => ({ parts: () => ({ issuer: issuer.name }) })],
    ["a signature with a bit changed", "unknown_issuer", {
      signature: (it) => it.map((byte, at) => at === it.length - 1 ? byte ^ 1 : byte),
    }],
    ["a length that is too long by a byte", "bad_certificate", { whole: withLongLength }],
    ["a zero at its end", "bad_certificate", { whole: (whole) => withMore(whole, Uint8Array.of(0)) }],
  ];
  return faults.map(([name, code, change]) => ({
    name: `an issuer with ${name}`,
    code,
    chain: (stage) => [leafOf(stage), issuerOf(stage, typeof change === "function" ? change(stage) : change)],
  }));
}

function otherIssuers(): BadChain[] {
  return [
    {
      name: "another vehicle as issuer",
      code: "unknown_issuer",
      chain: (stage) => {
        const thief = { name: nameOf("drone-666"), keys: makeKeys(stage.issuer.keys.kind) };
        const { vehicle, leaf: keys, nowMs, issuer } = stage;
        const own = leafParts({ vehicle: "drone-666", keys: thief.keys, issuer, nowMs });
        const made = leafParts({ vehicle, keys, issuer: thief, nowMs });
        return [
          makeCertificate(made, { signer: thief.keys }),
          makeCertificate(own, { signer: issuer.keys }),
          issuerOf(stage),
        ];
      },
    },
    {
      name: "an issuer that an issuer made",
      code: "unknown_issuer",
      chain: (stage) => {
        const { vehicle, leaf: keys, nowMs, issuer } = stage;
        const lower = { name: nameOf("corpus lower issuer"), keys: makeKeys(issuer.keys.kind) };
        return [
          makeCertificate(leafParts({ vehicle, keys, issuer: lower, nowMs }), { signer: lower.keys }),
          makeCertificate(issuerParts(lower, { issuer, nowMs }), { signer: issuer.keys }),
          issuerOf(stage, {
            extensions: {
              constraints: extension(oids.constraints, sequence(yes, derInteger("01")), { critical: true }),
            },
          }),
        ];
      },
    },
    {
      name: "itself as issuer",
      code: "unknown_issuer",
      chain: (stage) => {
        const { vehicle, leaf: keys, nowMs } = stage;
        const self = { name: nameOf(vehicle), keys };
        return [makeCertificate(leafParts({ vehicle, keys, issuer: self, nowMs }), { signer: keys }), issuerOf(stage)];
      },
    },
    {
      name: "a root of the same name that nobody pinned",
      code: "unknown_issuer",
      chain: (stage) => {
        const root = { name: stage.root.name, keys: makeKeys("p256") };
        return [
          leafOf(stage),
          makeCertificate(issuerParts(stage.issuer, { issuer: root, nowMs: stage.nowMs }), { signer: root.keys }),
          rootOf({ ...stage, root }),
        ];
      },
    },
  ];
}

/** A root's own certificate. */
function rootOf({ root, nowMs }: Stage): Uint8Array {
  const constraints = extension(oids.constraints, sequence(yes, derInteger("01")), { critical: true });
  return makeCertificate(issuerParts(root, { issuer: root, nowMs }), {
    signer: root.keys,
    change: { extensions: { constraints, purposes: none } },
  });
}

function largeIssuerOf(stage: Stage): Uint8Array {
  return issuerOf(stage, { extensions: { more: extension("2b060104018294640102", new Uint8Array(4096)) } });
}
