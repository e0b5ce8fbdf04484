/** Signers of orders for tests: a root, and signers that it certified. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Command, CommandSchema, type Stop, StopSchema } from "../gen/systemscale/command/v1/command_pb.ts";
import { type OrderSigner, sealFloor, sealSigner, type SignerRole, signerRoles } from "../order.ts";
import { type Signer, signerOf } from "../signature.ts";

/** A command root with the means to certify. */
export interface OrderRoot {
  readonly publicKey: KeyObject;
  readonly publicKeyPem: string;
  readonly key: Signer;
  /** Makes a signer; of generation 1 with all roles where nothing is said. */
  signer(options?: { roles?: readonly SignerRole[]; generation?: number; floor?: number }): OrderSigner;
}

/** Makes a root, and keys for its signers, of either type. */
export function makeOrderRoot(type: "ed25519" | "p256" = "ed25519"): OrderRoot {
  const pair = () =>
    type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));
  const { publicKey, privateKey } = pair();
  const key = signerOf(pem(privateKey));
  return {
    publicKey,
    publicKeyPem: String(publicKey.export({ type: "spki", format: "pem" })),
    key,
    signer: ({ roles = signerRoles, generation = 1, floor } = {}) => {
      const own = pair();
      const der = new Uint8Array(own.publicKey.export({ type: "spki", format: "der" }));
      return {
        key: signerOf(pem(own.privateKey)),
        signer: sealSigner(key, { publicKey: der, roles, generation, name: "test signer" }),
        floor: floor === undefined ? undefined : sealFloor(key, floor),
      };
    },
  };
}

/** The id that {@link commandOf} gives. */
export const commandIdText = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

/** A command to `drone-001`. */
export function commandOf(change: MessageInitShape<typeof CommandSchema> = {}): Command {
  const boot = new Uint8Array(16).fill(7);
  const usual = { id: commandIdText, vehicleId: "drone-001", type: "rtl", data: "{}", class: "motion", issuer: "test" };
  return create(CommandSchema, { ...usual, boot, deadlineUptimeMs: 60_000n, ...change });
}

/** A stop of `drone-001`. */
export function stopOf(change: MessageInitShape<typeof StopSchema> = {}): Stop {
  return create(StopSchema, { id: commandIdText, vehicleId: "drone-001", number: 5n, issuer: "test", ...change });
}
