import { deepEqual, equal } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { loginRatesMax } from "./limits.ts";
import { LoginRates } from "./login_rates.ts";

const [one, other] = [parseVehicleId("drone-001"), parseVehicleId("drone-002")];

Deno.test("a vehicle that loops is told when it may come again, and nobody else is", () => {
  const rates = new LoginRates({ perSecond: 0.5, burst: 3 });
  deepEqual([0, 0, 0, 0, 500].map((nowMs) => rates.handleLogin(one, nowMs)), [0, 0, 0, 2000, 1500]);
  equal(rates.handleLogin(other, 500), 0);
  deepEqual([2000, 2000].map((nowMs) => rates.handleLogin(one, nowMs)), [0, 2000]);
});

Deno.test("the memory for vehicles is bounded", () => {
  const rates = new LoginRates({ perSecond: 0.5, burst: 1 });
  rates.handleLogin(one, 0);
  for (let i = 0; i < loginRatesMax; i++) rates.handleLogin(parseVehicleId(`v-${i}`), 0);
  equal(rates.size, loginRatesMax);
  equal(rates.handleLogin(one, 0), 0, "forgotten, so forgiven");
});
