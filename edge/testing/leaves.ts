/** Certificates of one vehicle in the course of time, as they stand in its files. */
import { parseVehicleId } from "#proto/ids.ts";
import { makeAuthority, type Validity } from "#proto/testing/certificates.ts";
import { type CredentialFiles, type Credentials, readCredentials } from "../identity.ts";

/** One pair, as text and read. */
export interface TestPair {
  readonly files: CredentialFiles;
  readonly credentials: Credentials;
}

/** Issues pairs by one authority, each with a key of its own. */
export async function pairIssuer(): Promise<(validity: Validity, vehicle?: string) => Promise<TestPair>> {
  const authority = await makeAuthority("test", { notBeforeMs: 0, notAfterMs: Date.UTC(2049, 0) });
  return async (validity, vehicle = "drone-001") => {
    const { chainPem, keyPem } = await authority.issueVehicle(vehicle, validity);
    const files = { certificatePem: chainPem, keyPem };
    return { files, credentials: readCredentials(files, parseVehicleId(vehicle)) };
  };
}
