/** Who the vehicle is, from the text of its files. Pure. */
import { claimedVehicle } from "#proto/base/certificate.ts";
import { certificatesOf } from "#proto/base/pem.ts";
import { Fault } from "#proto/errors.ts";
import { certificateBytesMax, chainLengthMax } from "#proto/limits.ts";
import type { VehicleId } from "#proto/ids.ts";
import { signerOf } from "#proto/signature.ts";
import type { Identity } from "./uplink/connect.ts";

/**
 * Reads certificate chain and key. Throws `bad_config` when they do not serve: a vehicle that every relay would refuse
 * should not start.
 */
export function readCredentials(
  files: { readonly certificatePem: string; readonly keyPem: string },
  vehicleId: VehicleId,
): Pick<Identity, "chain" | "signer"> {
  const chain = certificatesOf(files.certificatePem);
  if (chain.length < 1 || chain.length > chainLengthMax) {
    throw new Fault(
      "bad_config",
      `Cannot use certificate file: ${chain.length} certificates in it, wanted 1 to ${chainLengthMax}`,
    );
  }
  const largest = Math.max(...chain.map((der) => der.byteLength));
  if (largest > certificateBytesMax) {
    throw new Fault(
      "bad_config",
      `Cannot use certificate of ${largest} bytes: at most ${certificateBytesMax} are allowed`,
    );
  }
  const claimed = claimedVehicle(chain[0]);
  if (claimed !== vehicleId) {
    throw new Fault("bad_config", `Cannot use certificate of "${claimed}": vehicle_id is "${vehicleId}"`);
  }
  return { chain, signer: signerOf(files.keyPem) };
}
