/** The CA by way of `step ca renew`: asks with the present certificate and key, and writes nothing but a temporary file. */
import { Fault } from "#proto/errors.ts";
import { renewAttemptMs, renewDetailLengthMax } from "../limits.ts";
import type { CertificateAuthority, Renewed } from "../renewal/renewal.ts";

/** What step is called with. */
export interface StepAuthorityOptions {
  /** Program, by path or as found on PATH. */
  readonly step: string;
  readonly caUrl: string;
  /** File of the root that the CA's own certificate descends from. */
  readonly caRoot: string;
  /** Files. */
  readonly certificate: string;
  readonly key: string;
}

/** What step says when the CA answered 401: revoked, or none of its own. Its exit code is 1 for everything. */
const refusal = /lacked necessary authorization/;

/** Makes it. Needs `step` 0.26 or newer; that writes settings where STEPPATH says. */
export function stepAuthority(options: StepAuthorityOptions): CertificateAuthority {
  return { renew: () => renew(options) };
}

async function renew({ step, caUrl, caRoot, certificate, key }: StepAuthorityOptions): Promise<Renewed> {
  const folder = await Deno.makeTempDir({ prefix: "systemscale-renew-" });
  const out = `${folder}/renewed.crt`;
  try {
    const args = ["ca", "renew", certificate, key, "--out", out, "--force", "--ca-url", caUrl, "--root", caRoot];
    const { success, said } = await runStep(step, args);
    if (success) return { kind: "renewed", certificatePem: await Deno.readTextFile(out) };
    return { kind: refusal.test(said) ? "refused" : "failed", detail: said };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runStep(step: string, args: string[]): Promise<{ success: boolean; said: string }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const child = new Deno.Command(step, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
    // SIGKILL: over a link that is gone, step may hang in a call that no other signal ends.
    timer = setTimeout(() => child.kill("SIGKILL"), renewAttemptMs);
    const { success, signal, stderr } = await child.output();
    const text = new TextDecoder().decode(stderr).trim().slice(0, renewDetailLengthMax);
    return { success, said: signal === "SIGKILL" ? `no answer in ${renewAttemptMs / 1000} s` : text };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("bad_config", `Cannot run "${step}": ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
