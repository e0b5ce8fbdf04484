import { deepStrictEqual as equal, strictEqual, throws } from "node:assert/strict";
import { join } from "node:path";
import { readSigners } from "#cloud/commands/signers.ts";
import { believeCommand, readCommandRoot, signCommand } from "#proto/order.ts";
import { commandOf } from "#proto/testing/orders.ts";
import { makeFloor, makeRoot, makeSigner, rootFiles, signerFiles } from "./make.ts";

Deno.test("what is made serves: a vehicle with the root obeys the signer, until its generation is retired", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await makeRoot(folder);
    const { key, publicKey } = rootFiles(folder);
    await makeSigner(key, { folder, name: "one", roles: ["command"], generation: 1 });
    await makeFloor(key, { folder, generation: 2 });
    strictEqual(((await Deno.stat(key)).mode ?? 0) & 0o077, 0);
    const files = signerFiles(folder, "one");
    const read = async (floor: string | undefined) =>
      readSigners([{
        keyPem: await Deno.readTextFile(files.key),
        certificate: await Deno.readTextFile(files.certificate),
      }], floor);
    const trust = { root: readCommandRoot(await Deno.readTextFile(publicKey)), generationMin: 0 };
    const signer = (await read(undefined)).get("command");
    equal([...(await read(undefined)).keys()], ["command"]);
    strictEqual(signer && believeCommand(signCommand(signer, commandOf()), trust).signer, "one");
    const retired = (await read(await Deno.readTextFile(join(folder, "floor")))).get("command");
    throws(() => retired && believeCommand(signCommand(retired, commandOf()), trust), { code: "bad_order" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
