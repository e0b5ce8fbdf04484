import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { isHanging, metricsOf, readinessOf, type ServiceState } from "./service_board.ts";
import { reportSilenceMaxMs } from "./service_link.ts";

const well: ServiceState = {
  service: "query",
  startedAtMs: 0,
  heardAtMs: 1_000,
  restarts: 0,
  lastEnd: "",
  report: { kind: "report", ready: true, detail: "", metrics: "query_requests_total 3\n" },
};
const crashed: ServiceState = { ...well, service: "ingest", restarts: 2, lastEnd: "out of luck", report: undefined };

Deno.test("the cloud is ready when every service is, and a crash is shown with its reason", () => {
  strictEqual(readinessOf([well]).ready, true);
  const { ready, services } = readinessOf([well, crashed]);
  strictEqual(ready, false);
  deepStrictEqual(services.ingest, {
    ready: false,
    detail: "has not reported yet",
    restarts: 2,
    last_end: "out of luck",
  });
});

Deno.test("a worker that stays silent hangs; a young one is given time", () => {
  strictEqual(isHanging(well, 1_000 + reportSilenceMaxMs), false);
  strictEqual(isHanging(well, 1_001 + reportSilenceMaxMs), true);
  strictEqual(isHanging({ ...well, startedAtMs: 20_000 }, 20_001), false);
});

Deno.test("metrics hold the services' own and the restarts", () => {
  const text = metricsOf([well, crashed]);
  match(text, /query_requests_total 3/);
  match(text, /cloud_service_restarts_total\{service="ingest"\} 2/);
});
