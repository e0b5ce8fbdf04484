/** The subject: hostile common names, and names in forms that are wrong. */
import { der, join, oid, sequence, set, text, withIndefiniteLength, withLongLength } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { attribute, nameOf, oids } from "./recipe.ts";
import type { Stage } from "./stage.ts";

const none = new Uint8Array();
const utf8 = 0x0c;

/** Of some length, valid. */
const longest = "a".repeat(64);

/** See the head of this file. */
export const badSubjects: readonly BadChain[] = [...hostileNames(), ...rawNames(), ...textTypes(), ...forms()];

/** None is a vehicle id; each is put beside no alternative name, so that nothing but it can be refused. */
function hostileNames(): BadChain[] {
  const hostile = [
    ...["", `${longest}a`, "a".repeat(1000), "-drone", "_drone", ".drone", ".", "..", "*", "drone-*", ">", "tel.v1.>"],
    ...[
      "drone.001",
      "drone-001.",
      "drone 001",
      " drone-001",
      "drone-001 ",
      "drone-001\0",
      "drone-001\0.evil",
      "\0drone",
    ],
    ...["drone-001\n", "drone-001\r\n", "\tdrone-001", "drone-001\v", "drone\x1b[2J", "drone\x7f", "drone\b\b"],
    ...["../drone-002", "drone-001/..", "drone/001", "drone\\001", "/etc/passwd", "C:drone", "file:drone"],
    ...[
      "$SYS",
      "_INBOX.x",
      "drone'--",
      'drone"',
      "drone;ls",
      "drone|ls",
      "drone`ls`",
      "$(ls)",
      "${jndi:x}",
      "<script>",
    ],
    ...[
      "drone%2D001",
      "drone%00",
      "drone+001",
      "drone,001",
      "drone=001",
      "CN=drone-001",
      "drone#1",
      "drone?1",
      "drone&1",
    ],
    ...["drone@host", "drone!", "drone~1", "drone^1", "drone(1)", "drone[1]", "drone{1}", "drone:001", "null\0"],
    // Look-alikes: Cyrillic o, full width, other hyphens, minus, other digits, Greek, dotless, ligature.
    ...["dr\u043ene-001", "\uff44rone-001", "drone\u2010001", "drone\u2011001", "drone\u2212001", "drone-00\uff11"],
    ...["drone-\u0660\u0660\u0661", "dr\u03bfne-001", "dr\u0131ne", "\ufb01re-1", "dron\u0435-001", "DR\u039fNE"],
    // What is not seen: joiners, marks, direction, soft hyphen, spaces, a byte order mark, tags, variation.
    ...["dro\u200bne-001", "dro\u200dne-001", "drone-001\u200e", "\u202edrone-001", "dro\u00adne", "drone\u00a0001"],
    ...["\ufeffdrone-001", "drone\u2028001", "dro\u0301ne", "drone-001\ufe0f", "drone\u{e0041}", "drone\u3000001"],
    ...["\u{1f681}", "dr\u{1d5c8}ne", "drone\ufffd", "drone\uffff"],
  ];
  const without = (name: Uint8Array) => ({ parts: () => ({ subject: name }), extensions: { names: none } });
  return hostile.map((name) =>
    inLeaf(`the common name ${JSON.stringify(name.slice(0, 80))} of ${name.length} characters`, without(nameOf(name)), {
      control: without(nameOf(longest)),
    })
  );
}

/** Bytes that are no text in the type that they claim. */
function rawNames(): BadChain[] {
  const faults: [string, number, number[]][] = [
    ["a letter in two bytes", utf8, [0xc1, 0xa4, 0x72]],
    ["a NUL in two bytes", utf8, [0x64, 0xc0, 0x80]],
    ["half of a pair", utf8, [0x64, 0xed, 0xa0, 0x80]],
    ["a character that breaks off", utf8, [0x64, 0xe2, 0x80]],
    ["a byte that begins nothing", utf8, [0x64, 0xff]],
    ["a byte that continues nothing", utf8, [0x64, 0x80]],
    ["an underscore, which is not printable", 0x13, [0x64, 0x5f, 0x31]],
    ["Latin-1", 0x13, [0x64, 0xf6]],
  ];
  return faults.map(([name, tag, bytes]) => {
    const value = der(tag, Uint8Array.from(bytes));
    const subject = sequence(set(attribute(oids.commonName, value)));
    return inLeaf(`a common name with ${name}`, { parts: () => ({ subject }), extensions: { names: none } });
  });
}

/** A good id in every type of text but the two that are taken. */
function textTypes(): BadChain[] {
  const wide = (id: string, bytes: number) =>
    Uint8Array.from([...id].flatMap((one) => [...Array<number>(bytes - 1).fill(0), one.charCodeAt(0)]));
  const plain = (id: string) => new TextEncoder().encode(id);
  const types: [string, number, (id: string) => Uint8Array][] = [
    ["a bit string", 0x03, plain],
    ["an octet string", 0x04, plain],
    ["a number's text", 0x12, plain],
    ["a teletex", 0x14, plain],
    ["a videotex", 0x15, plain],
    ["an IA5 text", 0x16, plain],
    ["a time", 0x17, plain],
    ["a graphic text", 0x19, plain],
    ["a visible text", 0x1a, plain],
    ["a general text", 0x1b, plain],
    ["a text of four bytes a letter", 0x1c, (id) => wide(id, 4)],
    ["a text of two bytes a letter", 0x1e, (id) => wide(id, 2)],
    ["a UTF-8 text in parts", 0x2c, (id) => text(utf8, id)],
    ["a text of a class of its own", 0x8c, plain],
  ];
  const put = (tag: number, content: (id: string) => Uint8Array) => ({ vehicle }: Stage) => ({
    parts: () => ({ subject: sequence(set(attribute(oids.commonName, der(tag, content(vehicle))))) }),
  });
  return types.map(([name, tag, content]) =>
    inLeaf(`a common name that is ${name}`, put(tag, content), { control: put(0x13, plain) })
  );
}

function forms(): BadChain[] {
  const own = (vehicle: string) => attribute(oids.commonName, text(utf8, vehicle));
  const company = attribute(oids.organisation, text(utf8, "fleet"));
  const subjects: [string, (vehicle: string) => Uint8Array, ((vehicle: string) => Uint8Array)?][] = [
    ["no subject", () => none],
    ["an empty subject", () => sequence()],
    ["no common name", () => sequence(set(company)), (id) => sequence(set(company), set(own(id)))],
    ["two common names", (id) => sequence(set(own(id)), set(own("drone-002")))],
    ["the same common name twice", (id) => sequence(set(own(id)), set(own(id)))],
    ["two common names in one set", (id) => sequence(set(own(id), own(`${id}2`)))],
    ["an empty set besides", (id) => sequence(set(own(id)), set())],
    ["a set out of order", (id) => sequence(set(own(id), company)), (id) => sequence(set(company, own(id)))],
    ["an attribute without a value", (id) => sequence(set(own(id)), set(sequence(oid(oids.organisation))))],
    ["a common name with two values", (id) => sequence(set(join([withValue(own(id))])))],
    ["an attribute that is no list", (id) => sequence(set(own(id)), set(oid(oids.organisation)))],
    ["attributes in a list", (id) => sequence(sequence(own(id)))],
    ["an attribute without its set", (id) => sequence(own(id))],
    ["a subject that is a set", (id) => set(set(own(id)))],
    [
      "an attribute whose type is text",
      (id) => sequence(set(own(id)), set(sequence(text(utf8, "CN"), text(utf8, id)))),
    ],
    ["an attribute whose type breaks off", (id) => sequence(set(own(id)), set(attribute("5584", text(utf8, id))))],
    ["a set with a length that is too long by a byte", (id) => sequence(withLongLength(set(own(id))))],
    ["an attribute without a length", (id) => sequence(set(withIndefiniteLength(own(id))))],
    ["33 sets", (id) => sequence(...Array<Uint8Array>(32).fill(set(company)), set(own(id)))],
    ["the id as a serial number only", (id) => sequence(set(attribute("550405", text(0x13, id))))],
    ["the id as a user's id only", (id) => sequence(set(attribute("0992268993f22c640101", text(utf8, id))))],
  ];
  return subjects.map(([name, subject, right]) => {
    const put = (make: (vehicle: string) => Uint8Array) => ({ vehicle }: Stage) => ({
      parts: () => ({ subject: make(vehicle) }),
    });
    return inLeaf(`a subject: ${name}`, put(subject), { control: right === undefined ? undefined : put(right) });
  });
}

/** The attribute with one more value behind it. */
function withValue(attribute: Uint8Array): Uint8Array {
  return sequence(attribute.subarray(2), text(utf8, "drone-002"));
}
