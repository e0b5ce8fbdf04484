/** The leaf's key: other kinds and sizes, points off their curve, weak ones, and odd forms. */
import { bitString, der, derInteger, join, oid, sequence, set, withTag } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";

const none = new Uint8Array();
const nothing = Uint8Array.of(5, 0);
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, at) => 1 + at % 250);
const ecKey = "2a8648ce3d0201";
const p256Curve = oid("2a8648ce3d030107");
const p256Algorithm = sequence(oid(ecKey), p256Curve);
const ed25519Algorithm = sequence(oid("2b6570"));
/** The curve's generator: a point that is on it. */
const generator = Uint8Array.fromHex(
  "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
);
const p256Prime = Uint8Array.fromHex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

const p256Of = (point: Uint8Array) => sequence(p256Algorithm, bitString(point));
const ed25519Of = (point: Uint8Array) => sequence(ed25519Algorithm, bitString(point));
const goodP256 = p256Of(join([Uint8Array.of(4), generator]));
/** RFC 8032 section 7.1, the key of its first test. */
const goodEd25519 = ed25519Of(Uint8Array.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));

/** See the head of this file. */
export const badKeys: readonly BadChain[] = [
  ...otherKinds(),
  ...p256Forms(),
  ...p256Points(),
  ...ed25519Points(),
  ...forms(),
];

function inKey([name, key]: [string, Uint8Array], right: Uint8Array): BadChain {
  return inLeaf(`a key: ${name}`, { parts: () => ({ key }) }, { control: { parts: () => ({ key: right }) } });
}

function otherKinds(): BadChain[] {
  const rsa = (size: number, type = "2a864886f70d010101") => {
    const modulus = join([Uint8Array.of(0, 0x80), bytes(size / 8 - 1)]);
    return sequence(
      sequence(oid(type), nothing),
      bitString(sequence(der(2, modulus), derInteger("010001"))),
    );
  };
  const onCurve = (curve: string, size: number) =>
    sequence(sequence(oid(ecKey), oid(curve)), bitString(join([Uint8Array.of(4), bytes(2 * size)])));
  const raw = (type: string, size: number) => sequence(sequence(oid(type)), bitString(bytes(size)));
  const kinds: [string, Uint8Array][] = [
    ["RSA of 512 bits", rsa(512)],
    ["RSA of 1024 bits", rsa(1024)],
    ["RSA of 2048 bits", rsa(2048)],
    ["RSA of 4096 bits", rsa(4096)],
    ["RSA-PSS", rsa(2048, "2a864886f70d01010a")],
    ["DSA", raw("2a8648ce380401", 128)],
    ["Diffie-Hellman", raw("2a864886f70d010301", 128)],
    ["P-192", onCurve("2a8648ce3d030101", 24)],
    ["P-224", onCurve("2b81040021", 28)],
    ["P-384", onCurve("2b81040022", 48)],
    ["P-521", onCurve("2b81040023", 66)],
    ["secp256k1", onCurve("2b8104000a", 32)],
    ["brainpoolP256r1", onCurve("2b2403030208010107", 32)],
    ["SM2", onCurve("2a811ccf5501822d", 32)],
    ["X25519", raw("2b656e", 32)],
    ["X448", raw("2b656f", 56)],
    ["Ed448", raw("2b6571", 57)],
    ["ML-DSA-44", raw("608648016503040311", 1312)],
    ["a kind of nobody", raw("2b060104018294640109", 32)],
  ];
  return kinds.map((kind) => inKey(kind, goodP256));
}

function p256Forms(): BadChain[] {
  const point = bitString(join([Uint8Array.of(4), generator]));
  const explicit = sequence(
    derInteger("01"),
    sequence(oid("2a8648ce3d0101"), der(2, join([Uint8Array.of(0), p256Prime]))),
  );
  const keys: [string, Uint8Array][] = [
    ["P-256 without its curve", sequence(sequence(oid(ecKey)), point)],
    ["P-256 with NULL for its curve", sequence(sequence(oid(ecKey), nothing), point)],
    ["P-256 with its curve in numbers", sequence(sequence(oid(ecKey), explicit), point)],
    ["P-256 with something behind its curve", sequence(sequence(oid(ecKey), p256Curve, nothing), point)],
    ["P-256 for key agreement only", sequence(sequence(oid("2b8104010c"), p256Curve), point)],
    ["P-256's curve as the algorithm", sequence(sequence(p256Curve), point)],
    [
      "P-256 with a length that is too long by a byte",
      sequence(join([Uint8Array.of(0x30, 0x81, 0x13), p256Algorithm.subarray(2)]), point),
    ],
    ["P-256 said to be secp256k1", sequence(sequence(oid(ecKey), oid("2b8104000a")), point)],
  ];
  return keys.map((key) => inKey(key, goodP256));
}

function p256Points(): BadChain[] {
  const [x, y] = [generator.subarray(0, 32), generator.subarray(32)];
  const changed = (part: Uint8Array, at = 31) => part.map((byte, place) => place === at ? byte ^ 1 : byte);
  const uncompressed = (...parts: Uint8Array[]) => join([Uint8Array.of(4), ...parts]);
  const points: [string, Uint8Array][] = [
    ["off the curve by its y", uncompressed(x, changed(y))],
    ["off the curve by its x", uncompressed(changed(x), y)],
    ["with its coordinates the wrong way round", uncompressed(y, x)],
    ["of zeros", uncompressed(new Uint8Array(64))],
    ["of ones", uncompressed(new Uint8Array(64).fill(0xff))],
    ["whose x is the prime", uncompressed(p256Prime, y)],
    ["whose y is the prime", uncompressed(x, p256Prime)],
    ["at infinity", Uint8Array.of(0)],
    ["at infinity, in full length", join([Uint8Array.of(0), new Uint8Array(64)])],
    ["compressed", join([Uint8Array.of(3), x])],
    ["compressed, of the other sign", join([Uint8Array.of(2), x])],
    ["in the hybrid form", join([Uint8Array.of(7), x, y])],
    ["in the hybrid form of the other sign", join([Uint8Array.of(6), x, y])],
    ["without its form", join([x, y])],
    ["of a form that there is not", join([Uint8Array.of(5), x, y])],
    ["a byte short", uncompressed(x, y.subarray(0, 31))],
    ["a byte long", uncompressed(x, y, Uint8Array.of(0))],
    ["of x only", uncompressed(x)],
    ["of no bytes", none],
  ];
  return points.map(([name, point]) => inKey([`a P-256 point ${name}`, p256Of(point)], goodP256));
}

function ed25519Points(): BadChain[] {
  const hex = (text: string) => Uint8Array.fromHex(text);
  const small = (y: number, last = 0) =>
    Uint8Array.from({ length: 32 }, (_, at) => at === 0 ? y : at === 31 ? last : 0);
  const high = (first: number, last = 0x7f) =>
    Uint8Array.from({ length: 32 }, (_, at) => at === 0 ? first : at === 31 ? last : 0xff);
  const order8 = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03",
  ];
  const points: [string, Uint8Array][] = [
    ["of order 1", small(1)],
    ["of order 2", high(0xec)],
    ["of order 4", small(0)],
    ["of order 4, of the other sign", small(0, 0x80)],
    ["of order 8", hex(`${order8[0]}05`)],
    ["of order 8, of the other sign", hex(`${order8[0]}85`)],
    ["of order 8, another", hex(`${order8[1]}7a`)],
    ["of order 8, another of the other sign", hex(`${order8[1]}fa`)],
    ["of order 1 with a sign that it has not", small(1, 0x80)],
    ["of order 2 with a sign that it has not", high(0xec, 0xff)],
    ["whose y is the prime", high(0xed)],
    ["whose y is one more than the prime", high(0xee)],
    ["whose y is above the prime", high(0xf0)],
    ["whose y is the most that there is", high(0xff)],
    ["of ones", high(0xff, 0xff)],
    ["off the curve", small(2)],
    ["off the curve, of the other sign", small(2, 0x80)],
    ["off the curve, another", small(7)],
    ["a byte short", new Uint8Array(31).fill(9)],
    ["a byte long", new Uint8Array(33).fill(9)],
    ["of a byte", Uint8Array.of(9)],
    ["of no bytes", none],
    ["in an octet string", der(4, goodEd25519.subarray(-32))],
  ];
  return points.map(([name, point]) => inKey([`an Ed25519 point ${name}`, ed25519Of(point)], goodEd25519));
}

function forms(): BadChain[] {
  const point = goodEd25519.subarray(-32);
  const keys: [string, Uint8Array][] = [
    ["Ed25519 with NULL as parameters", sequence(sequence(oid("2b6570"), nothing), bitString(point))],
    ["Ed25519 with a curve as parameters", sequence(sequence(oid("2b6570"), p256Curve), bitString(point))],
    ["unused bits", sequence(ed25519Algorithm, bitString(point.map((byte) => byte & 0xfe), { unused: 1 }))],
    ["its bits in parts", sequence(ed25519Algorithm, der(0x23, bitString(point)))],
    ["an octet string", sequence(ed25519Algorithm, der(4, join([Uint8Array.of(0), point])))],
    ["something behind its bits", sequence(ed25519Algorithm, bitString(point), nothing)],
    ["its bits twice", sequence(ed25519Algorithm, bitString(point), bitString(point))],
    ["bits only", bitString(point)],
    ["an algorithm only", sequence(ed25519Algorithm)],
    ["no algorithm", sequence(bitString(point))],
    ["an empty algorithm", sequence(sequence(), bitString(point))],
    ["in a set", set(ed25519Algorithm, bitString(point))],
    ["behind another tag", withTag(goodEd25519, 0xa0)],
    ["none", none],
  ];
  return keys.map((key) => inKey(key, goodEd25519));
}
