/** Extensions as such: the list, each one's form, and those that are not known. */
import {
  bitString,
  der,
  extension,
  join,
  oid,
  sequence,
  set,
  withIndefiniteLength,
  withLongLength,
  withMore,
} from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { oids } from "./recipe.ts";
import { leafExtensionsOf, type Stage } from "./stage.ts";

const nothing = Uint8Array.of(5, 0);
const none = new Uint8Array();
const unknown = "2b060104018294640101";

/** See the head of this file. */
export const badExtensions: readonly BadChain[] = [...fields(), ...forms(), ...known(), ...critical()];

function fields(): BadChain[] {
  const faults: [string, (field: Uint8Array) => Uint8Array][] = [
    ["no extensions", () => none],
    ["an empty list of extensions", () => der(0xa3, sequence())],
    ["an empty field of extensions", () => der(0xa3, none)],
    ["two fields of extensions", (field) => join([field, field])],
    ["two lists of extensions", (field) => withMore(field, sequence())],
    ["something behind the list of extensions", (field) => withMore(field, nothing)],
    ["something behind the field of extensions", (field) => join([field, nothing])],
    ["extensions under another tag", (field) => join([Uint8Array.of(0xa4), field.subarray(1)])],
    ["extensions under a primitive tag", (field) => join([Uint8Array.of(0x83), field.subarray(1)])],
  ];
  const many = Object.fromEntries(
    Array.from({ length: 28 }, (_, at) => [`more ${at}`, extension(`2b0601040182946402${hexByte(at)}`, none)]),
  );
  return [
    ...faults.map(([name, extensionField]) => inLeaf(name, { extensionField })),
    inLeaf("33 extensions", { extensions: many }, { control: { extensions: { ...many, "more 27": none } } }),
  ];
}

/** An extension that is not known and not critical, in forms that are wrong. */
function forms(): BadChain[] {
  const identifier = oid(unknown);
  const value = der(4, nothing);
  const control = { extensions: { more: extension(unknown, nothing) } };
  const faults: [string, Uint8Array][] = [
    ["in a set", set(identifier, value)],
    ["without a value", sequence(identifier)],
    ["without an identifier", sequence(value)],
    ["with two values", sequence(identifier, value, value)],
    ["with a bit string for its value", sequence(identifier, bitString(nothing))],
    ["with a value in parts", sequence(identifier, der(0x24, value))],
    ["said to be not critical", sequence(identifier, der(1, Uint8Array.of(0)), value)],
    ["that is somewhat critical", sequence(identifier, der(1, Uint8Array.of(1)), value)],
    ["critical by two bytes", sequence(identifier, der(1, Uint8Array.of(0xff, 0xff)), value)],
    ["critical by no byte", sequence(identifier, der(1, none), value)],
    ["critical by an integer", sequence(identifier, der(2, Uint8Array.of(0)), value)],
    ["critical behind its value", sequence(identifier, value, der(1, Uint8Array.of(0xff)))],
    ["with an empty identifier", sequence(oid(""), value)],
    ["with an identifier that begins with a zero", sequence(oid(`2b80${unknown.slice(2)}`), value)],
    ["with an identifier that breaks off", sequence(oid("2b06010481"), value)],
    ["with an identifier of text", sequence(der(4, Uint8Array.fromHex(unknown)), value)],
    ["that is an integer", der(2, Uint8Array.of(1))],
  ];
  return faults.map(([name, more]) => inLeaf(`an unknown extension ${name}`, { extensions: { more } }, { control }));
}

/** What may be wrong with each of those that are looked at. */
function known(): BadChain[] {
  const names = ["constraints", "usage", "purposes", "names"] as const;
  return names.flatMap((name) => {
    const id = oids[name];
    const valueOf = (stage: Stage) => valueIn(leafExtensionsOf(stage)[name]);
    const put = (what: string, value: (right: Uint8Array) => Uint8Array) =>
      inLeaf(`${name} ${what}`, (stage) => ({
        extensions: { [name]: extension(id, value(valueOf(stage)), { critical: true }) },
      }), {
        control: (stage) => ({ extensions: { [name]: extension(id, valueOf(stage), { critical: true }) } }),
      });
    return [
      inLeaf(`${name} twice`, (stage) => ({ extensions: { more: leafExtensionsOf(stage)[name] } })),
      inLeaf(`${name} twice, once critical`, (stage) => ({
        extensions: { more: extension(id, valueOf(stage), { critical: true }) },
      })),
      inLeaf(`${name} a second time and empty`, { extensions: { more: extension(id, sequence()) } }),
      put("without a value", () => none),
      put("with NULL for its value", () => nothing),
      put("with something behind its value", (value) => join([value, nothing])),
      put("twice in one value", (value) => join([value, value])),
      put("with a length that is too long by a byte", withLongLength),
      put("without a length", withIndefiniteLength),
      put("that breaks off", (value) => value.subarray(0, -1)),
      put("that is an octet string once more", (value) => der(4, value)),
      put("that is an integer", () => der(2, Uint8Array.of(1))),
      put("with a tag of two bytes", (value) => join([Uint8Array.of(0x1f), value])),
    ];
  });
}

/** Each refuses only because it is critical. */
function critical(): BadChain[] {
  const identifiers: [string, string][] = [
    ["a subject's key identifier", "551d0e"],
    ["a period of the private key", "551d10"],
    ["an issuer's alternative name", "551d12"],
    ["the number of a CRL", "551d14"],
    ["name constraints", "551d1e"],
    ["an address of CRLs", "551d1f"],
    ["certificate policies", "551d20"],
    ["policy mappings", "551d21"],
    ["an authority's key identifier", "551d23"],
    ["policy constraints", "551d24"],
    ["an address of delta CRLs", "551d2e"],
    ["a limit on any policy", "551d36"],
    ["a directory's attributes", "551d09"],
    ["an authority's address", "2b06010505070101"],
    ["a TLS feature", "2b06010505070118"],
    ["no check of revocation", "2b0601050507300105"],
    ["the poison of certificate transparency", "2b06010401d679020403"],
    ["a list of signed timestamps", "2b06010401d679020402"],
    ["Netscape's type", "6086480186f8420101"],
    ["a provisioner of step-ca", "2b0601040182a4640c40" + "01"],
    ["an extension of nobody", unknown],
    ["an older form of basic constraints", "551d0a"],
    ["an older form of key usage", "551d04"],
  ];
  return identifiers.map(([name, id]) => {
    // A subject's key identifier is in every leaf of the corpus.
    const field = id === oids.subjectKey ? "subjectKey" : "more";
    const make = (options: { critical: boolean }) => ({ extensions: { [field]: extension(id, nothing, options) } });
    return inLeaf(`${name} that is critical`, make({ critical: true }), { control: make({ critical: false }) });
  });
}

/** The value of an extension, which ends it. */
function valueIn(whole: Uint8Array): Uint8Array {
  const at = whole.indexOf(4, whole[3] + 4);
  return whole.subarray(at + 2);
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
