/** Who the vehicle is, from the text of its files. Pure. */
import { createPublicKey } from "node:crypto";
import { checkDates, type LeafFacts, readVehicleLeaf } from "#proto/base/certificate.ts";
import type { CredentialFiles } from "#proto/base/credential_watch.ts";
import { certificatesOf } from "#proto/base/pem.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { certificateBytesMax, chainLengthMax } from "#proto/limits.ts";
import type { VehicleId } from "#proto/ids.ts";
import { type Signer, signerOf } from "#proto/signature.ts";

/** A certificate with its key, read and found to belong together. */
export interface Credentials {
  /** DER certificates, leaf first, root left out. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  readonly leaf: LeafFacts;
}

/**
 * Reads certificate chain and key. Throws `bad_config` when they do not serve: a vehicle that every relay would refuse
 * should not start. Dates are not looked at: a clock may be wrong at the start, and a vehicle whose certificate has ended
 * still takes frames.
 */
export function readCredentials({ certificatePem, keyPem }: CredentialFiles, vehicleId: VehicleId): Credentials {
  const chain = certificatesOf(certificatePem);
  checkSizes(chain);
  const leaf = readLeaf(chain[0]);
  if (leaf.vehicle !== vehicleId) {
    throw new Fault("bad_config", `Cannot use certificate of "${leaf.vehicle}": vehicle_id is "${vehicleId}"`);
  }
  const signer = signerOf(keyPem);
  if (!createPublicKey(keyPem).equals(leaf.publicKey)) {
    throw new Fault("bad_config", "Cannot use certificate and key: the certificate is for another key");
  }
  return { chain, signer, leaf };
}

/** The same for a pair that shall take the place of another, which must be in time too, milliseconds since 1970. */
export function readNewCredentials(
  files: CredentialFiles,
  { vehicleId, nowMs }: { vehicleId: VehicleId; nowMs: number },
): Credentials {
  const credentials = readCredentials(files, vehicleId);
  checkDates(credentials.leaf, nowMs);
  return credentials;
}

function checkSizes(chain: readonly Uint8Array[]): void {
  if (chain.length < 1 || chain.length > chainLengthMax) {
    throw new Fault(
      "bad_config",
      `Cannot use certificate file: ${chain.length} certificates in it, wanted 1 to ${chainLengthMax}`,
    );
  }
  const largest = Math.max(...chain.map((der) => der.byteLength));
  if (largest <= certificateBytesMax) return;
  throw new Fault(
    "bad_config",
    `Cannot use certificate of ${largest} bytes: at most ${certificateBytesMax} are allowed`,
  );
}

function readLeaf(der: Uint8Array): LeafFacts {
  try {
    return readVehicleLeaf(der);
  } catch (cause) {
    throw new Fault("bad_config", asFault(cause).message, { cause });
  }
}
