/** The auth service's figures as Prometheus text. */
import { metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { KeyRecord } from "../lib/auth/key_record.ts";

/** Exposition text. */
export function authMetrics(answers: ReadonlyMap<number, number>, keys: Iterable<KeyRecord>): string {
  const inUse = [...keys].filter(({ revokedAtMs }) => revokedAtMs === undefined);
  return metricsText([
    {
      name: "auth_answers_total",
      type: "counter",
      help: "Answers by HTTP status",
      samples: samplesBy("status", answers),
    },
    { name: "auth_keys", type: "gauge", help: "API keys that are not revoked", samples: [{ value: inUse.length }] },
  ]);
}
