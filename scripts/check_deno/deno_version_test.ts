import { match, ok, strictEqual } from "node:assert/strict";
import { denoWanted, versionFault } from "./deno_version.ts";

Deno.test("the wanted version is silent, an older one fatal, a newer one told", () => {
  strictEqual(versionFault(denoWanted), undefined);
  strictEqual(versionFault("2.9.4")?.isFatal, true);
  strictEqual(versionFault("1.46.3")?.isFatal, true);
  strictEqual(versionFault("2.9.10")?.isFatal, false);
  strictEqual(versionFault("3.0.0-rc.1")?.isFatal, false);
});

Deno.test("both versions and the way to the wanted one are named", () => {
  const { message = "" } = versionFault("2.1.0") ?? {};
  match(message, /Found Deno 2\.1\.0: wanted 2\.9\.5/);
  match(message, /npx -y deno@2\.9\.5/);
});

Deno.test("CI obtains the same version", async () => {
  const script = await Deno.readTextFile(new URL("../../.ci/run", import.meta.url));
  ok(script.includes(`deno_wanted=${denoWanted}\n`));
});
