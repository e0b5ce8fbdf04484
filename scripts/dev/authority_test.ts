import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { developmentAuthority } from "./authority.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await test(folder);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("an authority that was made is taken up again, and its keys are its owner's alone", async () => {
  await withFolder(async (folder) => {
    const ca = join(folder, "ca");
    const made = await developmentAuthority(ca);
    const opened = await developmentAuthority(ca);
    deepEqual([opened.root, opened.vehicleIssuer, opened.relayIssuer], [
      made.root,
      made.vehicleIssuer,
      made.relayIssuer,
    ]);
    for (const name of ["root", "vehicle_issuer", "relay_issuer"]) {
      equal((await Deno.stat(join(ca, `${name}.key`))).mode! & 0o777, 0o600);
    }
  });
});

Deno.test("an authority with a part missing is refused with the way out", async () => {
  await withFolder(async (folder) => {
    await developmentAuthority(folder);
    await Deno.remove(join(folder, "relay_issuer.crt"));
    await rejects(developmentAuthority(folder), /has lost relay_issuer; .* deno task clean$/);
  });
});
