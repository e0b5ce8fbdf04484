import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { Buffer } from "node:buffer";
import { toBinary } from "@bufbuild/protobuf";
import { SealedSchema } from "#proto/gen/systemscale/command/v1/command_pb.ts";
import { sealFloor, type SignerRole } from "#proto/order.ts";
import { makeOrderRoot } from "#proto/testing/orders.ts";
import { readSigners, signerFor } from "./signers.ts";

const root = makeOrderRoot();

function filesOf(roles: readonly SignerRole[]) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const certificate = Buffer.from(toBinary(SealedSchema, root.signer({ roles }).signer)).toString("base64");
  return { keyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })), certificate: `${certificate}\n` };
}

Deno.test("each role has the last signer that has it, and the floor goes with all", () => {
  const [one, two] = [filesOf(["command", "stop", "release"]), filesOf(["stop"])];
  const floor = Buffer.from(toBinary(SealedSchema, sealFloor(root.key, 1))).toString("base64");
  const signers = readSigners([one, two], floor);
  equal([...signers.keys()].sort(), ["command", "release", "stop"]);
  equal(signers.get("command")?.key === signers.get("stop")?.key, false);
  equal([...signers.values()].every(({ floor }) => floor !== undefined), true);
  throws(() => signerFor(readSigners([two], undefined), "command"), { code: "unavailable" });
});

Deno.test("files that are none are told as such", () => {
  const good = filesOf(["command"]);
  for (const bad of [{ ...good, keyPem: "no" }, { ...good, certificate: "/w==" }]) {
    throws(() => readSigners([bad], undefined), { code: "bad_config" });
  }
});
