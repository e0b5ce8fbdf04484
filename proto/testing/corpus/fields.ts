/** Version, serial number, algorithms, unique identifiers. */
import { der, derInteger, join, oid, sequence, withMore, withTag } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { algorithms, type Change, type KeyKind } from "./recipe.ts";
import type { Stage } from "./stage.ts";

const none = new Uint8Array();
const nothing = Uint8Array.of(5, 0);

/** See the head of this file. */
export const badFields: readonly BadChain[] = [...versions(), ...serials(), ...algorithmsOfOthers(), ...uniqueIds()];

function versions(): BadChain[] {
  const wrapped = (...content: number[]) => der(0xa0, Uint8Array.from(content));
  const faults: [string, Uint8Array][] = [
    ["no version, which means 1", none],
    ["version 1", wrapped(2, 1, 0)],
    ["version 2", wrapped(2, 1, 1)],
    ["version 4", wrapped(2, 1, 3)],
    ["version -1", wrapped(2, 1, 0xfe)],
    ["version 3 with a leading zero", wrapped(2, 2, 0, 2)],
    ["version 258", wrapped(2, 2, 1, 2)],
    ["a version of no bytes", wrapped(2, 0)],
    ["two versions", wrapped(2, 1, 2, 2, 1, 2)],
    ["something behind the version", wrapped(2, 1, 2, 5, 0)],
    ["a version without its wrapper", derInteger("02")],
    ["a version under another wrapper", der(0xa4, derInteger("02"))],
    ["a version under a primitive tag", der(0x80, Uint8Array.of(2))],
    ["a version that is an enumeration", wrapped(0x0a, 1, 2)],
    ["an empty wrapper of a version", wrapped()],
  ];
  return faults.map(([name, version]) => inLeaf(name, { parts: () => ({ version }) }));
}

function serials(): BadChain[] {
  const integer = (...content: number[]) => der(2, Uint8Array.from(content));
  const bytes = (count: number) => Array<number>(count).fill(0x5a);
  const faults: [string, Uint8Array, Uint8Array?][] = [
    ["a serial number of 0", integer(0), integer(1)],
    ["a serial number of -1", integer(0xff), integer(0, 0xff)],
    ["a negative serial number of 16 bytes", integer(0x80, ...bytes(15)), integer(0, 0x80, ...bytes(15))],
    ["a serial number with a leading zero", integer(0, 0x5a), integer(0x5a)],
    ["a serial number with two leading zeros", integer(0, 0, 0x8a), integer(0, 0x8a)],
    ["a negative serial number with a leading byte of ones", integer(0xff, 0x80), integer(0x7f, 0x80)],
    ["a serial number of no bytes", integer(), integer(1)],
    ["a serial number of 21 bytes", integer(...bytes(21)), integer(...bytes(20))],
    ["a serial number of 21 bytes and a zero", integer(0, 0x8a, ...bytes(20)), integer(0, 0x8a, ...bytes(19))],
    ["a serial number of 500 bytes", integer(...bytes(500)), integer(...bytes(20))],
    ["a serial number that is a string", der(4, Uint8Array.from(bytes(16)))],
    ["no serial number", none],
    ["two serial numbers", join([integer(1), integer(2)])],
  ];
  return faults.map(([name, serial, right]) => {
    const control = right === undefined ? undefined : { parts: () => ({ serial: right }) };
    return inLeaf(name, { parts: () => ({ serial }) }, { control });
  });
}

function algorithmsOfOthers(): BadChain[] {
  const everywhere = (algorithm: Uint8Array): Change => ({ algorithm, parts: () => ({ algorithm }) });
  const own = ({ issuer }: Stage) => algorithms[issuer.keys.kind];
  const other = ({ issuer }: Stage) => algorithms[otherKind(issuer.keys.kind)];
  const foreign: [string, Uint8Array][] = [
    ["ECDSA with SHA-1", sequence(oid("2a8648ce3d0401"))],
    ["ECDSA with SHA-224", sequence(oid("2a8648ce3d040301"))],
    ["ECDSA with SHA-384", sequence(oid("2a8648ce3d040303"))],
    ["ECDSA with SHA-512", sequence(oid("2a8648ce3d040304"))],
    ["ECDSA with SHA3-256", sequence(oid("60864801650304030a"))],
    ["RSA with MD5", sequence(oid("2a864886f70d010104"), nothing)],
    ["RSA with SHA-1", sequence(oid("2a864886f70d010105"), nothing)],
    ["RSA with SHA-256", sequence(oid("2a864886f70d01010b"), nothing)],
    ["RSA-PSS", sequence(oid("2a864886f70d01010a"), sequence())],
    ["DSA with SHA-256", sequence(oid("608648016503040302"))],
    ["Ed448", sequence(oid("2b6571"))],
    ["X25519", sequence(oid("2b656e"))],
    ["ML-DSA-44", sequence(oid("608648016503040311"))],
    ["the kind of key P-256", sequence(oid("2a8648ce3d0201"))],
    ["nothing", sequence()],
  ];
  return [
    ...foreign.map(([name, algorithm]) => inLeaf(`a signature by ${name}`, everywhere(algorithm))),
    inLeaf("an algorithm with NULL as parameters", (stage) => everywhere(withMore(own(stage), nothing))),
    inLeaf("an algorithm with an empty list as parameters", (stage) => everywhere(withMore(own(stage), sequence()))),
    inLeaf("an algorithm in a set", (stage) => everywhere(withTag(own(stage), 0x31))),
    inLeaf("an algorithm whose identifier is text", (stage) => {
      const [, , ...identifier] = own(stage);
      return everywhere(sequence(withTag(Uint8Array.from(identifier), 4)));
    }),
    inLeaf("the other kind's algorithm", (stage) => everywhere(other(stage)), { code: "unknown_issuer" }),
    inLeaf("the other kind's algorithm in what is signed", (stage) => ({ parts: () => ({ algorithm: other(stage) }) })),
    inLeaf("the other kind's algorithm outside", (stage) => ({ algorithm: other(stage) })),
    inLeaf("a NULL in the algorithm that is signed", (stage) => ({
      parts: () => ({ algorithm: withMore(own(stage), nothing) }),
    })),
    inLeaf("a NULL in the algorithm outside", (stage) => ({ algorithm: withMore(own(stage), nothing) })),
    inLeaf("no algorithm in what is signed", { parts: () => ({ algorithm: none }) }),
    inLeaf("no algorithm outside", { algorithm: none }),
  ];
}

function uniqueIds(): BadChain[] {
  return [["an issuer's unique identifier", 0x81], ["a subject's unique identifier", 0x82]].map(([name, tag]) =>
    inLeaf(String(name), { parts: () => ({ uniqueIds: der(Number(tag), Uint8Array.of(0, 7)) }) })
  );
}

function otherKind(kind: KeyKind): KeyKind {
  return kind === "ed25519" ? "p256" : "ed25519";
}
