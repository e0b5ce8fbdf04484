/** Who is let in to a service's API, and how its changes are written down: from the configuration and NATS. */
import type { NatsConnection } from "@nats-io/transport-node";
import type { MiddlewareHandler } from "hono";
import type { Clock, Log } from "#proto/ports.ts";
import type { CloudConfig } from "../../config.ts";
import { AuditLog } from "../audit/audit_log.ts";
import { auditTrail } from "../audit/audit_trail.ts";
import { openAudit } from "../audit/io/stream_audit.ts";
import { type AuthEnv, authGuard, type TokenVerifier } from "../auth/guard.ts";
import { oidcVerifier } from "../auth/io/oidc.ts";
import { KeyRing } from "../auth/key_ring.ts";
import { openDocuments } from "../documents/io/kv_documents.ts";

/** Bucket of API keys. */
export const keyBucket = "api_keys";

/** Makes a guard; `keys` may fill later. */
export async function openGuard(
  { access }: Pick<CloudConfig, "access">,
  { keys, clock }: { keys: KeyRing | undefined; clock: Clock },
): Promise<MiddlewareHandler<AuthEnv>> {
  const { token_sha256_file: file, oidc } = access;
  const tokenSha256 = file === undefined ? undefined : await Deno.readTextFile(file);
  return authGuard({ tokenSha256, keys, verifier: oidc && verifierOf(oidc), clock });
}

/** The keys, followed over NATS. Rejects with `unavailable`. */
export async function followKeys(
  nats: NatsConnection,
  { log, replicas }: { log: Log; replicas: number },
): Promise<KeyRing> {
  const ring = new KeyRing(log);
  await ring.load(await openDocuments(nats, { bucket: keyBucket, replicas }));
  return ring;
}

/** The audit trail of a service. */
export async function openTrail(
  nats: NatsConnection,
  { where, replicas, clock, log }: { where: string; replicas: number; clock: Clock; log: Log },
): Promise<MiddlewareHandler<AuthEnv>> {
  const audit = new AuditLog(await openAudit(nats, { replicas }), clock);
  return auditTrail({ append: (fact) => audit.append(fact), where, log });
}

function verifierOf(oidc: NonNullable<CloudConfig["access"]["oidc"]>): TokenVerifier {
  const { issuer, audience, roles_claim: roles, groups_claim: groups } = oidc;
  return oidcVerifier({ issuer, audience, claims: { roles, groups } });
}
