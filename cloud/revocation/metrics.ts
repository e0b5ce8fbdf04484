/** Figures of the watch over revocations as Prometheus text. */
import { metricsText, samplesBy } from "#proto/base/metrics.ts";
import type { CrlWatch } from "./crl_watch.ts";

/** Exposition text. */
export function revocationMetrics(
  { looks, hints, unreachable }: Pick<CrlWatch, "looks" | "hints" | "unreachable">,
): string {
  return metricsText([
    {
      name: "revocation_looks_total",
      type: "counter",
      help: "Looks at lists of revoked certificates, by what came of them",
      samples: samplesBy("outcome", looks),
    },
    {
      name: "revocation_hints_total",
      type: "counter",
      help: "Hints to all relays that there is a new list",
      samples: [{ value: hints }],
    },
    {
      name: "revocation_unreachable_lists",
      type: "gauge",
      help: "Lists of revoked certificates that could not be had at the last look",
      samples: [{ value: unreachable }],
    },
  ]);
}
