/** `systemscale-agent renew`: one run, its words and its exit code. */
import { Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Clock, Log, Random } from "#proto/ports.ts";
import { type RenewalEnd, renewCertificate } from "../renewal/renewal.ts";
import { credentialFolder } from "./credential_folder.ts";
import type { AgentFiles } from "./files.ts";
import { stepAuthority } from "./step_authority.ts";

/** What one run has to say. 75 is EX_TEMPFAIL of sysexits.h: the next run may succeed by itself. */
export interface RenewOutcome {
  readonly exitCode: 0 | 1 | 75;
  readonly text: string;
}

/** Runs it. Rejects with `bad_config` where the configuration does not say how. */
export async function renew(
  { renewal, credentialPaths }: Pick<AgentFiles, "renewal" | "credentialPaths">,
  parts: { vehicleId: VehicleId; clock: Clock; random: Random; log: Log; when: "due" | "anyway" },
): Promise<RenewOutcome> {
  if (renewal === undefined) throw new Fault("bad_config", "Cannot renew: the configuration has no renewal");
  const authority = stepAuthority({ ...renewal, ...credentialPaths });
  return outcomeOf(await renewCertificate({ ...parts, authority, folder: credentialFolder(credentialPaths) }));
}

function outcomeOf(end: RenewalEnd): RenewOutcome {
  switch (end.kind) {
    case "not_due":
      return { exitCode: 0, text: `not due: it ends in ${end.daysLeft.toFixed(1)} days, due ${dateOf(end.dueAtMs)}` };
    case "renewed":
      return { exitCode: 0, text: `renewed: the new certificate ends ${dateOf(end.notAfterMs)}` };
    case "ended":
      return { exitCode: 1, text: `cannot renew: it ended ${dateOf(end.notAfterMs)}, an operator must issue another` };
    case "refused":
      return { exitCode: 1, text: `cannot renew: refused: ${end.detail}` };
    case "given_up":
      return { exitCode: 75, text: `cannot renew now: ${end.attempts} attempts in vain, the last one: ${end.detail}` };
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
