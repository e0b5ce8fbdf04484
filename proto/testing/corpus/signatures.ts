/** The signature: by others, over something else, and in forms that are wrong. */
import type { Code } from "../../errors.ts";
import { bitString, der, derInteger, join, sequence, withLongLength, withMore, withTag } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";

const none = new Uint8Array();

const unknown = { code: "unknown_issuer" } as const;

/** See the head of this file. */
export const badSignatures: readonly BadChain[] = [
  ...byOthers(),
  ...overOthers(),
  ...wrappings(),
  ...ecdsaForms(),
  ...ed25519Forms(),
];

function byOthers(): BadChain[] {
  return [
    inLeaf("a signature by a stranger of the issuer's name", ({ stranger }) => ({ signer: stranger.keys }), unknown),
    inLeaf("a signature by the leaf's own key", ({ leaf }) => ({ signer: leaf }), unknown),
    inLeaf("a signature by the root in the issuer's name", ({ root }) => ({ signer: root.keys }), unknown),
  ];
}

/** A good signature, over something other than what is there. */
function overOthers(): BadChain[] {
  const flipped = (at: (length: number) => number) => (whole: Uint8Array) =>
    whole.map((byte, place) => place === at(whole.length) ? byte ^ 1 : byte);
  return [
    inLeaf("another serial number than was signed", { whole: flipped(() => 20) }, unknown),
    inLeaf(
      "another end than was signed",
      ({ nowMs }) => ({ whole: replaced(yearOf(nowMs), yearOf(nowMs) + 1) }),
      unknown,
    ),
    inLeaf("another common name than was signed", { whole: replacedText("drone-001", "drone-002") }, unknown),
  ];
}

/** The BIT STRING around it. */
function wrappings(): BadChain[] {
  const faults: [string, Code, (signature: Uint8Array) => Uint8Array][] = [
    ["of zeros", "unknown_issuer", (it) => bitString(contentOf(it).fill(0))],
    ["of ones", "unknown_issuer", (it) => bitString(contentOf(it).fill(0xff))],
    ["of no bytes", "unknown_issuer", () => bitString(none)],
    ["of one byte", "unknown_issuer", () => bitString(Uint8Array.of(1))],
    ["without its last byte", "unknown_issuer", (it) => bitString(contentOf(it).subarray(0, -1))],
    ["without its first byte", "unknown_issuer", (it) => bitString(contentOf(it).subarray(1))],
    ["with a zero behind it", "unknown_issuer", (it) => withMore(it, Uint8Array.of(0))],
    ["with a zero before it", "unknown_issuer", (it) => bitString(join([Uint8Array.of(0), contentOf(it)]))],
    ["with its last bit changed", "unknown_issuer", (it) => changed(it, it.length - 1)],
    ["with a bit in its middle changed", "unknown_issuer", (it) => changed(it, it.length >> 1)],
    ["of a thousand bytes", "unknown_issuer", () => bitString(new Uint8Array(1000).fill(0x30))],
    ["twice", "unknown_issuer", (it) => bitString(join([contentOf(it), contentOf(it)]))],
    ["with unused bits", "bad_certificate", (it) => bitString(contentOf(it).map((byte) => byte & 0xfe), { unused: 1 })],
    ["with eight unused bits", "bad_certificate", (it) => bitString(contentOf(it), { unused: 8 })],
    ["in an empty bit string", "bad_certificate", () => der(3, none)],
    ["in an octet string", "bad_certificate", (it) => withTag(it, 4)],
    ["in parts", "bad_certificate", (it) => der(0x23, it)],
    ["in a list", "bad_certificate", (it) => sequence(it)],
    ["and another", "bad_certificate", (it) => join([it, it])],
    ["and NULL", "bad_certificate", (it) => join([it, Uint8Array.of(5, 0)])],
    ["nowhere", "bad_certificate", () => none],
    ["with a length that is too long by a byte", "bad_certificate", withLongLength],
  ];
  return faults.map(([name, code, signature]) => inLeaf(`a signature ${name}`, { signature }, { code }));
}

/** Forms of an ECDSA signature; where the issuer signs by Ed25519 they are as wrong. */
function ecdsaForms(): BadChain[] {
  const [zero, one] = [derInteger("00"), derInteger("01")];
  const order = derInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const faults: [string, Uint8Array][] = [
    ["r and s of zero", sequence(zero, zero)],
    ["r of zero", sequence(zero, one)],
    ["s of zero", sequence(one, zero)],
    ["r of the order", sequence(order, one)],
    ["s of the order", sequence(one, order)],
    ["r and s of one", sequence(one, one)],
    ["a negative r", sequence(der(2, Uint8Array.of(0xff)), one)],
    ["r of no bytes", sequence(der(2, none), one)],
    ["r alone", sequence(one)],
    ["three numbers", sequence(one, one, one)],
    ["no number", sequence()],
    ["r of a hundred bytes", sequence(der(2, new Uint8Array(100).fill(1)), one)],
    ["texts for numbers", sequence(der(4, Uint8Array.of(1)), der(4, Uint8Array.of(1)))],
    ["a list without a length", Uint8Array.of(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0)],
    ["r and s side by side", join([new Uint8Array(31), Uint8Array.of(1), new Uint8Array(31), Uint8Array.of(1)])],
  ];
  const own: [string, (signature: Uint8Array) => Uint8Array][] = [
    ["a length that is too long by a byte", withLongLength],
    ["NULL behind the numbers", (der) => withMore(der, Uint8Array.of(5, 0))],
    ["a set for the list", (der) => withTag(der, 0x31)],
  ];
  return [
    ...faults.map(([name, bits]) =>
      inLeaf(`an ECDSA signature: ${name}`, { signature: () => bitString(bits) }, unknown)
    ),
    ...own.map(([name, change]) =>
      inLeaf(`an ECDSA signature: ${name}`, ({ issuer }) => ({
        signature: (it) =>
          bitString(issuer.keys.kind === "p256" ? change(contentOf(it)) : change(sequence(contentOf(it)))),
      }), unknown)
    ),
  ];
}

/** Ed25519: s that is not below the order of the group would be a second signature over the same. */
function ed25519Forms(): BadChain[] {
  return [
    inLeaf("an Ed25519 signature whose s is larger by the order", {
      signature: (it) =>
        bitString(contentOf(it).length === 64 ? withLargerS(contentOf(it)) : new Uint8Array(64).fill(0xff)),
    }, unknown),
    inLeaf("an Ed25519 signature that begins with the neutral point", {
      signature: () => bitString(Uint8Array.from({ length: 64 }, (_, at) => at === 0 ? 1 : 0)),
    }, unknown),
  ];
}

function withLargerS(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${signature.slice(32).reverse().toHex()}`) + order;
  const bytes = Uint8Array.fromHex(s.toString(16).padStart(64, "0")).reverse();
  return join([signature.subarray(0, 32), bytes]);
}

function contentOf(bits: Uint8Array): Uint8Array {
  return bits.slice(bits[1] < 0x80 ? 3 : 4);
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, place) => place === at ? byte ^ 1 : byte);
}

function yearOf(nowMs: number): number {
  return new Date(nowMs + 3_600_000).getUTCFullYear() % 100;
}

/** The certificate with the year of its end, which is the last such UTCTime, exchanged. */
function replaced(year: number, by: number) {
  return (whole: Uint8Array) => {
    const marker = Uint8Array.of(0x17, 13, ...new TextEncoder().encode(String(year).padStart(2, "0")));
    const at = whole.findLastIndex((_, at) => marker.every((byte, i) => whole[at + i] === byte));
    return whole.map((byte, place) => place === at + 3 ? String(by).charCodeAt(1) : byte);
  };
}

/** The certificate with the first such text exchanged by one of the same length. */
function replacedText(from: string, to: string) {
  return (whole: Uint8Array) => {
    const marker = new TextEncoder().encode(from);
    const at = whole.findIndex((_, at) => marker.every((byte, i) => whole[at + i] === byte));
    return whole.map((byte, place) => place >= at && place < at + to.length ? to.charCodeAt(place - at) : byte);
  };
}
