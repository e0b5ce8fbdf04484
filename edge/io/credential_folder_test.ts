import { deepEqual, equal, rejects } from "node:assert/strict";
import { credentialFolder } from "./credential_folder.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "credential folder " });
  try {
    await Deno.writeTextFile(`${folder}/vehicle.crt`, "old", { mode: 0o640 });
    await Deno.writeTextFile(`${folder}/vehicle.key`, "key", { mode: 0o600 });
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const openIn = (folder: string) =>
  credentialFolder({ certificate: `${folder}/vehicle.crt`, key: `${folder}/vehicle.key` });

Deno.test("a certificate is replaced in one step: same name, same rights, nothing left beside it", async () => {
  await withFolder(async (folder) => {
    const open = openIn(folder);
    const before = await Deno.open(`${folder}/vehicle.crt`);
    await open.replaceCertificate("new");
    deepEqual(await open.read(), { certificatePem: "new", keyPem: "key" });
    // Whoever had opened the old file reads all of the old one.
    equal(await new Response(before.readable).text(), "old");
    equal((await Deno.stat(`${folder}/vehicle.crt`)).mode! & 0o777, 0o640);
    deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["vehicle.crt", "vehicle.key"]);
  });
});

Deno.test("where the name is a link, what it leads to is replaced", async () => {
  await withFolder(async (folder) => {
    await Deno.rename(`${folder}/vehicle.crt`, `${folder}/real.crt`);
    await Deno.symlink("real.crt", `${folder}/vehicle.crt`);
    await openIn(folder).replaceCertificate("new");
    equal(await Deno.readTextFile(`${folder}/real.crt`), "new");
    equal((await Deno.lstat(`${folder}/vehicle.crt`)).isSymlink, true);
  });
});

Deno.test("a certificate that is not there is replaced by nothing", async () => {
  await withFolder(async (folder) => {
    await Deno.remove(`${folder}/vehicle.crt`);
    await rejects(openIn(folder).replaceCertificate("new"), { code: "disk_failed" });
    await rejects(openIn(folder).read(), { code: "bad_config" });
    deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["vehicle.key"]);
  });
});
