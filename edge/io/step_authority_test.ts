import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { stepAuthority } from "./step_authority.ts";

/** A program in step's place, a shell script that gets step's arguments. */
async function withStep(script: string, test: (step: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "step authority " });
  try {
    await Deno.writeTextFile(`${folder}/step`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await test(`${folder}/step`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const options = { caUrl: "https://ca.test", caRoot: "root.crt", certificate: "old.crt", key: "old.key" };

Deno.test("step is asked for a file of its own, which is then the answer", async () => {
  await withStep('echo "$@" >"$(dirname "$0")/asked"; echo fresh >"$6"', async (step, folder) => {
    deepEqual(await stepAuthority({ ...options, step }).renew(), { kind: "renewed", certificatePem: "fresh\n" });
    const asked = await Deno.readTextFile(`${folder}/asked`);
    match(asked, /^ca renew old\.crt old\.key --out \S+ --force --ca-url https:\/\/ca\.test --root root\.crt\n$/);
    // What step wrote is gone, with the folder it was in.
    await rejects(Deno.stat(asked.split(" ")[5]), Deno.errors.NotFound);
  });
});

Deno.test("a refusal of the CA is told from a CA that was not reached", async () => {
  const refusing = "echo 'The request lacked necessary authorization to be completed.' >&2; exit 1";
  await withStep(refusing, async (step) => equal((await stepAuthority({ ...options, step }).renew()).kind, "refused"));
  await withStep("echo 'connection refused' >&2; exit 1", async (step) => {
    deepEqual(await stepAuthority({ ...options, step }).renew(), { kind: "failed", detail: "connection refused" });
  });
});

Deno.test("a program that is not there is a fault of the configuration", async () => {
  await rejects(stepAuthority({ ...options, step: "/nowhere/step" }).renew(), { code: "bad_config" });
});
