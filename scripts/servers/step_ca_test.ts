import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { makeStepCa, type StepCa, stepCaPlan, stepCommand } from "./step_ca.ts";

const stepCa: StepCa = {
  binaries: { stepCa: "/opt/step-ca", step: "/opt/step" },
  folder: "/state/step ca",
  home: "/state/home",
  ports: { vehicles: 9443, relays: 9444, crl: 9480 },
};

Deno.test("each CA runs from its own configuration, and no password stands on a command line", () => {
  const [vehicles, relays] = (["vehicles", "relays"] as const).map((kind) =>
    stepCaPlan(kind, { stepCa, logFile: "log" })
  );
  deepStrictEqual([vehicles.name, vehicles.args[0]], ["ca-vehicles", "/state/step ca/vehicles/ca.json"]);
  deepStrictEqual([relays.name, relays.args[0]], ["ca-relays", "/state/step ca/relays/ca.json"]);
  deepStrictEqual(relays.args.slice(1), ["--password-file", "/state/step ca/issuers.password"]);
  strictEqual(relays.env?.STEPPATH, "/state/home");
});

Deno.test("step asks the CA that is meant, trusts its root alone, and reads no settings of the user", () => {
  deepStrictEqual(stepCommand(["ca", "health"], { kind: "relays", stepCa }), [
    "/opt/step",
    ["ca", "health", "--ca-url", "https://localhost:9444", "--root", "/state/step ca/root_ca.crt"],
    { STEPPATH: "/state/home" },
  ]);
});

Deno.test("authorities that cannot be made leave nothing behind that looks like them, and those there are kept", async () => {
  const top = await Deno.makeTempDir();
  const folder = join(top, "ca");
  await rejects(
    makeStepCa({ ...stepCa, folder, binaries: { ...stepCa.binaries, step: join(top, "absent") } }),
    /Cannot make the certificate authorities in [\s\S]*absent/,
  );
  await rejects(Deno.stat(folder), Deno.errors.NotFound);
  await Deno.mkdir(folder);
  await makeStepCa({ ...stepCa, folder });
  deepStrictEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(top, { recursive: true });
});
