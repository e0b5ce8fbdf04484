/** A real step-ca as deploy/pki makes it: one CA for vehicles and one for relays, below the same root. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildPlan } from "./child.ts";
import { lastLineOf, run } from "./run.ts";
import type { StepBinaries } from "./step_binaries.ts";

/** Whom a CA certifies. */
export type StepCaKind = "vehicles" | "relays";

/** Where both CAs keep their files and listen; loopback only. */
export interface StepCa {
  readonly binaries: StepBinaries;
  /** What deploy/pki/init.sh makes. */
  readonly folder: string;
  /** In place of the user's own `~/.step`, whose settings would change what step does. */
  readonly home: string;
  /** HTTPS of either CA, and plain HTTP of the vehicles' CRL. */
  readonly ports: Readonly<Record<StepCaKind | "crl", number>>;
}

/** What a certificate is asked for. */
export interface CertificateOrder {
  /** Common name; the one alternative name too where none are given. */
  readonly name: string;
  /** DNS names and addresses. */
  readonly alternativeNames?: readonly string[];
  /** P-256 by default, as step does. */
  readonly algorithm?: "ed25519" | "p256";
  /** Whose template and limits apply. */
  readonly provisioner: string;
}

/** A leaf with its issuer behind it, and its key, PEM. */
export interface IssuedLeaf {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** Files below the folder of {@link StepCa}. */
export function stepCaFiles(folder: string) {
  return {
    root: join(folder, "root_ca.crt"),
    /** Password of the provisioner `admin` of both CAs. */
    adminPassword: join(folder, "admin.password"),
    /** Password of both issuers' keys. */
    issuersPassword: join(folder, "issuers.password"),
    issuer: (kind: StepCaKind) => join(folder, kind, "issuer.crt"),
    config: (kind: StepCaKind) => join(folder, kind, "ca.json"),
  };
}

/** Makes root, issuers and configurations unless they are there, with the script that production uses. */
export async function makeStepCa({ binaries, folder, home, ports }: StepCa): Promise<void> {
  if (await Deno.stat(folder).then(() => true, () => false)) return;
  const script = fileURLToPath(new URL("../../deploy/pki/init.sh", import.meta.url));
  const outcome = await run("sh", [script, folder], {
    STEP: binaries.step,
    STEPPATH: home,
    VEHICLES_LISTEN: `127.0.0.1:${ports.vehicles}`,
    RELAYS_LISTEN: `127.0.0.1:${ports.relays}`,
    CRL_LISTEN: `127.0.0.1:${ports.crl}`,
  });
  if (!outcome.ok) throw new Error(`Cannot make the certificate authorities in ${folder}:\n${outcome.text}`);
}

/** One of the CAs as a process. */
export function stepCaPlan(kind: StepCaKind, { stepCa, logFile }: { stepCa: StepCa; logFile: string }): ChildPlan {
  const { config, issuersPassword } = stepCaFiles(stepCa.folder);
  return {
    name: `ca-${kind}`,
    command: stepCa.binaries.stepCa,
    args: [config(kind), "--password-file", issuersPassword],
    env: { STEPPATH: stepCa.home },
    logFile,
  };
}

/** Whether a CA answers. */
export async function stepCaReady(kind: StepCaKind, stepCa: StepCa): Promise<boolean> {
  return (await run(...stepCommand(["ca", "health"], { kind, stepCa }))).ok;
}

/** Has a certificate made for a fresh key; throws with what step said. */
export async function certify(
  order: CertificateOrder,
  target: { kind: StepCaKind; stepCa: StepCa },
): Promise<IssuedLeaf> {
  const folder = await Deno.makeTempDir();
  const [certificate, key] = [join(folder, "leaf.crt"), join(folder, "leaf.key")];
  try {
    const password = stepCaFiles(target.stepCa.folder).adminPassword;
    const args = ["ca", "certificate", order.name, certificate, key, "--provisioner-password-file", password];
    const outcome = await run(...stepCommand([...args, ...orderFlags(order)], target));
    if (!outcome.ok) throw new Error(`Cannot certify "${order.name}": ${lastLineOf(outcome)}`);
    return { chainPem: await Deno.readTextFile(certificate), keyPem: await Deno.readTextFile(key) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function orderFlags({ alternativeNames = [], algorithm, provisioner }: CertificateOrder): string[] {
  return [
    ...["--provisioner", provisioner],
    ...alternativeNames.flatMap((name) => ["--san", name]),
    ...(algorithm === "ed25519" ? ["--kty", "OKP", "--crv", "Ed25519"] : []),
  ];
}

/** Lets a CA revoke a vehicle's certificate, named by its serial in hex. `onBegin` is called when step is asked to. */
export async function revoke(serial: string, stepCa: StepCa, onBegin = () => {}): Promise<void> {
  const decimal = BigInt(`0x${serial}`).toString();
  const target = { kind: "vehicles", stepCa } as const;
  const { adminPassword } = stepCaFiles(stepCa.folder);
  const password = ["--provisioner", "admin", "--provisioner-password-file", adminPassword];
  const said = await step(["ca", "token", decimal, "--revoke", ...password], target);
  const token = said.split("\n").find((line) => line.startsWith("ey")) ?? "";
  onBegin();
  await step(["ca", "revoke", decimal, "--token", token, "--reasonCode", "KeyCompromise"], target);
}

/** Runs step against a CA; gives what it said, or throws with it. */
export async function step(args: readonly string[], target: { kind: StepCaKind; stepCa: StepCa }): Promise<string> {
  const { ok, text } = await run(...stepCommand(args, target));
  if (!ok) throw new Error(`step ${args.slice(0, 2).join(" ")} failed: ${text}`);
  return text;
}

/** What runs step against a CA: program, arguments, environment. */
export function stepCommand(
  args: readonly string[],
  { kind, stepCa }: { kind: StepCaKind; stepCa: StepCa },
): [string, string[], Record<string, string>] {
  const where = ["--ca-url", `https://localhost:${stepCa.ports[kind]}`, "--root", stepCaFiles(stepCa.folder).root];
  return [stepCa.binaries.step, [...args, ...where], { STEPPATH: stepCa.home }];
}
