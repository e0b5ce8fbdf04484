/** Makes the files of a command root and of its signers. Keys are readable by their owner only. */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { type Sealed, SealedSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { sealFloor, sealSigner, type SignerRole } from "#proto/order.ts";
import { signerOf } from "#proto/signature.ts";

/** Files of a root in its folder. */
export function rootFiles(folder: string) {
  return { key: join(folder, "root.key"), publicKey: join(folder, "root.pub") };
}

/** Files of a signer in its folder. */
export function signerFiles(folder: string, name: string) {
  return { key: join(folder, `${name}.key`), certificate: join(folder, `${name}.cert`) };
}

/** What a signer is to be. */
export interface SignerWish {
  readonly folder: string;
  readonly name: string;
  readonly roles: readonly SignerRole[];
  readonly generation: number;
}

/** Makes a root. */
export async function makeRoot(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const files = rootFiles(folder);
  await writeKey(files.key, privateKey);
  await Deno.writeTextFile(files.publicKey, String(publicKey.export({ type: "spki", format: "pem" })));
}

/** Makes a signer and has the root certify it. */
export async function makeSigner(rootKey: string, { folder, name, roles, generation }: SignerWish): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const root = signerOf(await Deno.readTextFile(rootKey));
  const der = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const files = signerFiles(folder, name);
  await writeKey(files.key, privateKey);
  await Deno.writeTextFile(files.certificate, textOf(sealSigner(root, { publicKey: der, roles, generation, name })));
}

/** Has the root retire all signers of a lower generation. */
export async function makeFloor(
  rootKey: string,
  { folder, generation }: { folder: string; generation: number },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const root = signerOf(await Deno.readTextFile(rootKey));
  await Deno.writeTextFile(join(folder, "floor"), textOf(sealFloor(root, generation)));
}

async function writeKey(file: string, key: KeyObject): Promise<void> {
  await Deno.writeTextFile(file, String(key.export({ type: "pkcs8", format: "pem" })), { mode: 0o600 });
}

function textOf(sealed: Sealed): string {
  return Buffer.from(toBinary(SealedSchema, sealed)).toString("base64");
}
