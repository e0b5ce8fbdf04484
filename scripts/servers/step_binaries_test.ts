import { match, ok, strictEqual } from "node:assert/strict";
import { stepVersion, stepVersionFault } from "./step_binaries.ts";

Deno.test("programs of the guide's version or newer are taken, older and other ones refused", () => {
  strictEqual(stepVersionFault("Smallstep CA/0.30.2 (linux/amd64)\nRelease Date: 2026-03-20 10:00 UTC\n"), undefined);
  strictEqual(stepVersionFault("Smallstep CLI/0.26.0 (linux/arm64)\n"), undefined);
  strictEqual(stepVersionFault("Smallstep CLI/1.0.0 (linux/arm64)\n"), undefined);
  match(stepVersionFault("Smallstep CLI/0.25.2 (linux/amd64)\n") ?? "", /0\.25\.2 is older than 0\.26/);
  match(stepVersionFault("Smallstep CLI/0000000-dev (linux/amd64)\n") ?? "", /no version/);
  match(stepVersionFault("step 4.2, a physics simulator") ?? "", /no version/);
});

Deno.test("what is built is what the module pins, by checksum", async () => {
  const [module, sums] = await Promise.all(
    ["go.mod", "go.sum"].map((name) => Deno.readTextFile(new URL(`../tools/${name}`, import.meta.url))),
  );
  for (const name of ["certificates", "cli"]) {
    const pinned = `github.com/smallstep/${name} v${stepVersion}`;
    ok(module.includes(`\t${pinned} `), `go.mod lacks ${pinned}`);
    ok(sums.includes(`${pinned} h1:`), `go.sum lacks ${pinned}`);
  }
});
