/**
 * Names in certificates: common names of the subject, URIs among its alternative names. Both are plain ASCII, whatever
 * text a type could hold: what looks alike is never equal. Source: RFC 5280 sections 4.1.2.4 and 4.2.1.6, RFC 3986.
 * Every fault is a Fault `bad_certificate`.
 */
import { Buffer } from "node:buffer";
import { Fault } from "../errors.ts";
import { asciiOf, type DerElement, DerReader, identifierOf, readSequence, tags } from "./der.ts";
import { elementsOf } from "./signed.ts";

const commonName = "550403";
/** What a PrintableString may hold. */
const printablePattern = /^[A-Za-z0-9 '()+,./:=?-]*$/;
/** A scheme, and what may follow it. */
const uriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

/** Kinds of alternative names, by their tags. */
const nameTags = { email: 0x81, dns: 0x82, uri: 0x86, address: 0x87 } as const;
/** Kinds that are not looked into: other names, X.400, directory names, EDI, registered identifiers. */
const closedTags: ReadonlySet<number> = new Set([0xa0, 0xa3, 0xa4, 0xa5, 0x88]);

/** Common names of a Name, in order. */
export function commonNamesOf(name: Uint8Array): string[] {
  return elementsOf(readSequence(name)).flatMap(({ whole }) => attributesOf(whole))
    .flatMap(({ type, value }) => type === commonName ? [textOf(value)] : []);
}

/** URIs of a SubjectAltName, in order; none when there is no such extension. */
export function urisOf(extension: Uint8Array | undefined): string[] {
  if (extension === undefined) return [];
  const names = elementsOf(readSequence(extension));
  if (names.length === 0) throw fault("its list of alternative names is empty");
  return names.flatMap((name) => uriIn(name));
}

interface Attribute {
  readonly type: string;
  readonly value: DerElement;
}

/** Types and values of one set of a Name. */
function attributesOf(set: Uint8Array): Attribute[] {
  const outer = new DerReader(set);
  const elements = elementsOf(new DerReader(outer.next(tags.set).content));
  if (elements.length === 0) throw fault("a set of its subject is empty");
  const isSorted = elements.every(({ whole }, at) => at === 0 || Buffer.compare(elements[at - 1].whole, whole) < 0);
  if (!isSorted) throw fault("a set of its subject is out of order");
  return elements.map(({ whole }) => {
    const reader = readSequence(whole);
    const type = identifierOf(reader.next(tags.objectIdentifier));
    const value = reader.any();
    reader.end();
    return { type, value };
  });
}

function textOf({ tag, content }: DerElement): string {
  const text = asciiOf(content);
  if (tag === tags.utf8String || (tag === tags.printableString && printablePattern.test(text))) return text;
  throw fault("common name of an odd type");
}

/** The URI that an alternative name is, if it is one; what is of another kind has its form checked at most. */
function uriIn({ tag, content }: DerElement): string[] {
  if (tag === nameTags.uri) {
    const uri = asciiOf(content);
    if (uriPattern.test(uri)) return [uri];
    throw fault("an alternative name is no absolute URI");
  }
  if (tag === nameTags.email || tag === nameTags.dns) asciiOf(content);
  else if (tag === nameTags.address) checkAddress(content);
  else if (!closedTags.has(tag)) throw fault("an alternative name is of a kind that there is not");
  return [];
}

function checkAddress({ byteLength }: Uint8Array): void {
  if (byteLength !== 4 && byteLength !== 16) throw fault("an alternative name is no address");
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
