/** Keys that sign orders, with what makes vehicles believe them. Pure: from the text of their files. */
import { Buffer } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import { asFault, Fault } from "#proto/errors.ts";
import { SealedSchema, SignerFactsSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { type OrderSigner, type SignerRole, signerRoles } from "#proto/order.ts";
import { signerOf } from "#proto/signature.ts";

/** What stands in the files of one signer. */
export interface SignerFiles {
  readonly keyPem: string;
  /** Base64 of its sealed certificate. */
  readonly certificate: string;
}

/** A signer for each role that there is one for. */
export type Signers = ReadonlyMap<SignerRole, OrderSigner>;

/** Reads signers; a later one takes over the roles that it has. `floor`: base64 of the sealed floor. Throws `bad_config`. */
export function readSigners(files: readonly SignerFiles[], floor: string | undefined): Signers {
  const sealedFloor = floor === undefined ? undefined : readSealed("floor", floor);
  const signers = new Map<SignerRole, OrderSigner>();
  for (const { keyPem, certificate } of files) {
    const signer = readSealed("certificate of signer", certificate);
    const own = { key: signerOf(keyPem), signer, floor: sealedFloor };
    for (const role of rolesOf(signer.payload)) signers.set(role, own);
  }
  return signers;
}

/** The signer for a role; throws `unavailable` when there is none. */
export function signerFor(signers: Signers, role: SignerRole): OrderSigner {
  const signer = signers.get(role);
  if (signer !== undefined) return signer;
  throw new Fault("unavailable", `Cannot sign a ${role}: no signer with this role is configured`);
}

function rolesOf(payload: Uint8Array): SignerRole[] {
  const { roles } = fromBinary(SignerFactsSchema, payload);
  return signerRoles.filter((role) => roles.includes(role));
}

function readSealed(what: string, text: string) {
  try {
    return fromBinary(SealedSchema, Buffer.from(text.trim(), "base64"));
  } catch (cause) {
    throw new Fault("bad_config", `Cannot read ${what}: ${asFault(cause).message}`, { cause });
  }
}
