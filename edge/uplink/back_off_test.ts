import { equal, ok } from "node:assert/strict";
import { goodLinkMs, reconnectDelayMs, reconnectDelayMsMax, refusedDelayMs, retryAfterMsMax } from "../limits.ts";
import { BackOff, refusalDelayMs } from "./back_off.ts";

Deno.test("waits double up to a bound and begin anew after a good link", () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 12 }, () => backOff.next(1));
  equal(waits[0], reconnectDelayMs);
  equal(waits[1], 2 * reconnectDelayMs);
  equal(waits.at(-1), reconnectDelayMsMax);
  backOff.handleLinked(goodLinkMs - 1);
  equal(backOff.next(1), reconnectDelayMsMax);
  backOff.handleLinked(goodLinkMs);
  equal(backOff.next(1), reconnectDelayMs);
});

Deno.test("the whole wait is jitter", () => {
  equal(new BackOff().next(0), 0);
  equal(new BackOff().next(0.5), reconnectDelayMs / 2);
});

Deno.test("a refusal is waited out, within reason", () => {
  equal(refusalDelayMs(5000, 0), 5000);
  ok(refusalDelayMs(5000, 0.99) > 7000);
  equal(refusalDelayMs(0, 0), refusedDelayMs);
  ok(refusalDelayMs(1e12, 0.99) < 2 * retryAfterMsMax);
});
