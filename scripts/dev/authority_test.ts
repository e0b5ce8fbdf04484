import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { developmentAuthority, ensureLeaf, validity } from "./authority.ts";

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

Deno.test("a leaf is made once", async () => {
  await withFolder(async (folder) => {
    const authority = await developmentAuthority(folder);
    const place = { folder: join(folder, "drone-001"), name: "vehicle" };
    let issued = 0;
    const issue = () => {
      issued++;
      return authority.issueVehicle("drone-001", validity());
    };
    await ensureLeaf(place, issue);
    const first = await Deno.readTextFile(join(place.folder, "vehicle.crt"));
    await ensureLeaf(place, issue);
    deepEqual([issued, await Deno.readTextFile(join(place.folder, "vehicle.crt"))], [1, first]);
    equal((await Deno.stat(join(place.folder, "vehicle.key"))).mode! & 0o777, 0o600);
  });
});
