/**
 * Public keys of certificates, each in one form only: Ed25519, and uncompressed points of P-256 by its name. Source: RFC
 * 5480, RFC 8410. Every fault is a Fault `bad_certificate`.
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
import { Fault } from "../errors.ts";
import { hexOf, readSequence, tags, wholeBitsOf } from "./der.ts";

/** Checks the bytes of a point. */
type PointCheck = (point: Uint8Array) => void;

/** The two AlgorithmIdentifiers, whole: no parameters but these. */
const pointChecks: ReadonlyMap<string, PointCheck> = new Map([
  ["300506032b6570", checkEd25519], // Ed25519
  ["301306072a8648ce3d020106082a8648ce3d030107", checkP256], // P-256 by name
]);

/** Reads a SubjectPublicKeyInfo. */
export function readPublicKey(der: Uint8Array): KeyObject {
  const fields = readSequence(der);
  const checkPoint = pointChecks.get(hexOf(fields.next(tags.sequence).whole));
  if (checkPoint === undefined) throw fault("its key is neither Ed25519 nor P-256");
  const point = wholeBitsOf(fields.next(tags.bitString));
  fields.end();
  checkPoint(point);
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch (cause) {
    throw new Fault("bad_certificate", "Cannot read certificate: its key is not a point of its curve", { cause });
  }
}

function checkP256(point: Uint8Array): void {
  if (point.byteLength !== 65 || point[0] !== 4) throw fault("its key is not an uncompressed point of P-256");
}

/** 2^255 - 19. */
const ed25519Prime = 2n ** 255n - 19n;

/**
 * The y coordinates of points whose order is 1, 2, 4 or 8. For such a key anyone can make signatures that verify, some
 * of them without knowing what is signed.
 */
const weakCoordinates: ReadonlySet<bigint> = new Set(
  [0n, 1n, 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n].flatMap((y) => [y, ed25519Prime - y]),
);

function checkEd25519(point: Uint8Array): void {
  if (point.byteLength !== 32) throw fault(`its Ed25519 key has ${point.byteLength} bytes, wanted 32`);
  const bytes = point.toReversed();
  // The highest bit is the sign of x.
  bytes[0] &= 0x7f;
  const y = BigInt(`0x${hexOf(bytes)}`);
  if (y >= ed25519Prime) throw fault("its Ed25519 key is not written in the one way");
  if (weakCoordinates.has(y)) throw fault("its Ed25519 key is one for which anyone can sign");
}

function fault(what: string): Fault {
  return new Fault("bad_certificate", `Cannot take certificate: ${what}`);
}
