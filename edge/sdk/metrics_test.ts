import { equal, match, ok } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { agentMetrics } from "./metrics.ts";
import { linkedStatus, makeStage } from "./testing/stage.ts";

Deno.test("the figures of a linked agent, its certificate's days among them", async () => {
  const { request } = makeStage();
  const response = await request("/metrics");
  match(response.headers.get("content-type") ?? "", /^text\/plain; version=0.0.4/);
  const text = await response.text();
  for (
    const line of [
      "systemscale_agent_linked 1",
      "systemscale_agent_rtt_seconds 0.0015",
      "systemscale_agent_certificate_days_left 1",
      "systemscale_agent_certificate_not_after_seconds 1780086400",
      "systemscale_agent_certificate_fault 0",
      "systemscale_agent_unsettled_records 2",
      "systemscale_agent_quarantined_records_total 1",
    ]
  ) ok(text.includes(`\n${line}\n`), `${line} in:\n${text}`);
  equal((await request("/metrics", { method: "POST" })).status, 405);
});

Deno.test("what is not known is left out, and a certificate on disk that does not serve shows", () => {
  const link = { ...linkedStatus.link, state: "waiting", rttMs: undefined } as const;
  const text = agentMetrics({ ...linkedStatus, link, certificate: undefined });
  ok(text.includes("systemscale_agent_linked 0\n"));
  ok(!/rtt|certificate/.test(text), text);
  const fault = new Fault("bad_config", "Cannot use certificate");
  const faulty = agentMetrics({ ...linkedStatus, certificate: { ...linkedStatus.certificate!, fault } });
  ok(faulty.includes("systemscale_agent_certificate_fault 1\n"));
});
