import { deepEqual, equal } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { refusalPublishIntervalMs, refusalsMax, refusalsPublishedPerSecondMax } from "./limits.ts";
import { Refusals } from "./refusals.ts";

const claimed = parseVehicleId("drone-001");

Deno.test("a refusal is published once and then only counted, until its interval is over", () => {
  const refusals = new Refusals();
  const refused = { claimed, code: "bad_proof", detail: "first" } as const;
  equal(refusals.handleRefused(refused, 0), "publish");
  equal(refusals.handleRefused({ ...refused, detail: "second" }, 1), "count");
  equal(refusals.handleRefused({ ...refused, code: "unknown_issuer" }, 2), "publish");
  equal(refusals.handleRefused({ ...refused, detail: "third" }, refusalPublishIntervalMs), "publish");
  deepEqual(refusals.entries().map(({ code, count, detail }) => [code, count, detail]), [
    ["unknown_issuer", 1, "first"],
    ["bad_proof", 3, "third"],
  ]);
  deepEqual([...refusals.totals()], [["bad_proof", 3], ["unknown_issuer", 1]]);
});

Deno.test("strangers who claim ever new ids fill neither the memory nor the backbone", () => {
  const refusals = new Refusals();
  const published = Array.from({ length: refusalsMax + 500 }, (_, i) => {
    const stranger = { claimed: parseVehicleId(`stranger-${i}`), code: "unknown_issuer", detail: "" } as const;
    return refusals.handleRefused(stranger, 0);
  }).filter((verdict) => verdict === "publish");
  equal(published.length, refusalsPublishedPerSecondMax);
  equal(refusals.entries().length, refusalsMax);
  equal(refusals.entries().at(-1)?.claimed, `stranger-${refusalsMax + 499}`);
  equal(refusals.totals().get("unknown_issuer"), refusalsMax + 500);
});
