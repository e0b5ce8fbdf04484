/**
 * Lists of revoked certificates (CRLs): a closed profile. Source: RFC 5280 section 5.
 *
 * Version 2, complete, of one issuer that signs for itself, by Ed25519 or ECDSA P-256 with SHA-256, with a number and an
 * end. Delta lists, indirect ones, and those for some reasons only are refused, as is every critical extension that is
 * not known. Whoever is listed is revoked, whatever the reason and the date beside it say.
 */
import { createHash, type KeyObject } from "node:crypto";
import { Fault } from "../errors.ts";
import { type DerElement, DerReader, DerScanner, hexOf, readSequence, smallIntegerOf, tags, timeOf } from "./der.ts";
import { certificatesOf } from "./pem.ts";
import { serialBytesMax, SerialSet } from "./serial_set.ts";
import { checkAlgorithm, extensionsOf, isSignedBy, readSigned } from "./signed.ts";
import { readConfiguredX509 } from "./x509.ts";

/** Bytes of a list: 100,000 revoked ones with reasons take 5 MB. */
export const crlBytesMax = 8 * 1024 * 1024;

/** Whose lists are taken. */
export interface CrlIssuer {
  /** Name as DER, hex: what its certificates carry as their issuer. */
  readonly subject: string;
  /** For people. */
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** What a list says. */
export interface Crl {
  /** Rises with every list of an issuer. */
  readonly number: bigint;
  /** Milliseconds since 1970 at which it was made, and until which there is to be another. */
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly serials: SerialSet;
  /** SHA-256, hex, of what was signed: two lists that say the same have the same. */
  readonly digest: string;
}

/** Object identifiers as hex of their DER content. */
const oids = {
  crlNumber: "551d14",
  issuingDistributionPoint: "551d1c",
  deltaCrlIndicator: "551d1b",
  authorityKeyIdentifier: "551d23",
} as const;

const knownExtensions: ReadonlySet<string> = new Set([
  oids.crlNumber,
  oids.issuingDistributionPoint,
  oids.authorityKeyIdentifier,
]);

/** Parts of an IssuingDistributionPoint that leave a list complete for vehicles: its address, and "no authorities". */
const pointTags = { address: 0xa0, usersOnly: 0x81 } as const;

/**
 * Reads and verifies a list (DER); throws `bad_crl`, or `too_large` above {@link crlBytesMax}. One that says the same as
 * `held` gives `held` itself, which spares reading 100,000 entries at every poll.
 */
export function readCrl(der: Uint8Array, issuer: CrlIssuer, held?: Crl): Crl {
  if (der.byteLength > crlBytesMax) {
    throw new Fault("too_large", `Cannot take CRL of ${der.byteLength} bytes: at most ${crlBytesMax} are allowed`);
  }
  try {
    const signed = readSigned(der);
    const digest = createHash("sha256").update(signed.signedPart).digest("hex");
    return digest === held?.digest ? held : { ...verifiedCrl(signed, issuer), digest };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault("bad_crl", `Cannot take CRL of "${issuer.name}": ${cause.message}`, { cause });
  }
}

/** The issuers of several certificates (PEM), which must have names of their own; throws `bad_config`. */
export function crlIssuersOf(pems: readonly string[]): CrlIssuer[] {
  const issuers = pems.map(crlIssuerOf);
  const twice = issuers.find(({ subject }, at) => issuers.findIndex((other) => other.subject === subject) !== at);
  if (twice === undefined) return issuers;
  throw new Fault("bad_config", `Cannot take CRLs of two issuers that are both named "${twice.name}"`);
}

/** The issuer that a certificate (PEM) makes; throws `bad_config` unless it is one that may sign lists. */
export function crlIssuerOf(pem: string): CrlIssuer {
  const found = certificatesOf(pem);
  if (found.length !== 1) {
    throw new Fault("bad_config", `Cannot take ${found.length} certificates as one issuer of CRLs`);
  }
  const { subject, commonNames: [name = "without a common name"], publicKey, authority, keyUsage } = readConfiguredX509(
    found[0],
  );
  if (authority && keyUsage?.crlSign === true) return { subject, name, publicKey };
  throw new Fault("bad_config", `Cannot take CRLs of "${name}": its certificate lacks key usage cRLSign`);
}

/** The signature comes first: nobody else's bytes reach what follows. */
function verifiedCrl(signed: ReturnType<typeof readSigned>, issuer: CrlIssuer): Omit<Crl, "digest"> {
  const { fields, algorithm } = signed;
  if (!isSignedBy(signed, issuer.publicKey)) throw bad("it is not signed by that issuer");
  const version = smallIntegerOf(fields.next(tags.integer));
  if (version !== 1) throw bad(`version ${version + 1}, wanted 2`);
  checkAlgorithm(fields, algorithm);
  if (hexOf(fields.next(tags.sequence).whole) !== issuer.subject) throw bad("it is of another issuer");
  const [thisUpdateMs, nextUpdateMs] = [timeOf(fields.any()), timeOf(fields.any())];
  if (nextUpdateMs <= thisUpdateMs) throw bad("it ends before it begins");
  const revoked = fields.optional(tags.sequence);
  const extensions = extensionsOf(fields.next(0xa0).content, knownExtensions);
  fields.end();
  // RFC 5280 wants it critical; one that is not is a delta list all the same.
  if (extensions.has(oids.deltaCrlIndicator)) throw bad("it is a delta list");
  checkScope(extensions.get(oids.issuingDistributionPoint)?.value);
  return {
    number: numberOf(extensions.get(oids.crlNumber)?.value),
    thisUpdateMs,
    nextUpdateMs,
    serials: serialsOf(revoked),
  };
}

function numberOf(extension: Uint8Array | undefined): bigint {
  if (extension === undefined) throw bad("it has no number");
  const reader = new DerReader(extension);
  const { content } = reader.next(tags.integer);
  reader.end();
  // RFC 5280 section 5.2.3: at most 20 bytes, and not negative.
  if (content.byteLength < 1 || content.byteLength > 20 || content[0] >= 0x80) throw bad("its number is out of bounds");
  return BigInt(`0x${hexOf(content)}`);
}

/** Refuses a list that leaves out some of an issuer's vehicles, or some reasons. */
function checkScope(extension: Uint8Array | undefined): void {
  if (extension === undefined) return;
  const reader = readSequence(extension);
  while (!reader.done) {
    const { tag } = reader.any();
    if (tag !== pointTags.address && tag !== pointTags.usersOnly) throw bad("it is not complete for vehicles");
  }
}

/** Looks at all entries twice: for the room that they need, and for their serial numbers. */
function serialsOf(revoked: DerElement | undefined): SerialSet {
  const list = revoked?.content ?? new Uint8Array();
  const room = { count: 0, bytes: 0 };
  scanRevoked(list, (from, to) => {
    room.count += 1;
    room.bytes += to - from;
  });
  const serials = new SerialSet(room);
  scanRevoked(list, (from, to) => serials.add(list, { from, to }));
  return serials;
}

/** Shows where the serial number of each entry lies. */
function scanRevoked(list: Uint8Array, show: (from: number, to: number) => void): void {
  const scanner = new DerScanner(list);
  for (let at = 0; at < list.byteLength;) {
    scanner.scan(at, list.byteLength);
    scanner.expect(tags.sequence);
    const entryEnd = scanner.end;
    scanner.scan(scanner.contentStart, entryEnd);
    scanner.expect(tags.integer);
    const { contentStart: from, end: to } = scanner;
    // One byte more is the zero that keeps a number positive.
    const lengthMax = list[from] === 0 ? serialBytesMax + 1 : serialBytesMax;
    if (to === from || to - from > lengthMax) throw bad("it lists a serial number that is not of 1 to 20 bytes");
    show(from, to);
    scanner.scan(to, entryEnd);
    if (scanner.tag !== tags.utcTime && scanner.tag !== tags.generalizedTime) throw bad("it lists one without a date");
    if (scanner.end < entryEnd) checkEntryExtensions(scanner, entryEnd);
    at = entryEnd;
  }
}

/** Refuses a critical extension of an entry that is not known: it may say that another issuer's is meant. */
function checkEntryExtensions(scanner: DerScanner, entryEnd: number): void {
  scanner.scan(scanner.end, entryEnd);
  scanner.expect(tags.sequence);
  if (scanner.end !== entryEnd) throw bad("an entry has more than date and extensions");
  for (let at = scanner.contentStart; at < entryEnd;) {
    scanner.scan(at, entryEnd);
    scanner.expect(tags.sequence);
    const { end } = scanner;
    scanner.scan(scanner.contentStart, end);
    scanner.expect(tags.objectIdentifier);
    const isKnown = isReasonOrDate(scanner);
    scanner.scan(scanner.end, end);
    if (scanner.tag === tags.boolean) {
      if (!isKnown && scanner.bytes[scanner.contentStart] !== 0) {
        throw bad("an entry has an unknown critical extension");
      }
      scanner.scan(scanner.end, end);
    }
    if (scanner.tag !== tags.octetString || scanner.end !== end) throw bad("an entry has a malformed extension");
    at = end;
  }
}

/** Whether the object identifier just found is reasonCode (2.5.29.21) or invalidityDate (2.5.29.24). */
function isReasonOrDate({ bytes, contentStart: at, end }: DerScanner): boolean {
  return end - at === 3 && bytes[at] === 0x55 && bytes[at + 1] === 0x1d &&
    (bytes[at + 2] === 21 || bytes[at + 2] === 24);
}

function bad(what: string): Fault {
  return new Fault("bad_crl", what);
}
