import { equal } from "node:assert/strict";
import { stallMs } from "./limits.ts";
import { Readiness } from "./readiness.ts";

const noAnswer = "the log does not answer";
const noTelemetry = "the log does not take telemetry";

Deno.test("a node is ready once the log has answered, and no longer when it has been silent for 10 s", () => {
  const readiness = new Readiness();
  equal(readiness.reasonAgainst(0), noAnswer);
  readiness.handleProbed(0);
  equal(readiness.reasonAgainst(stallMs - 1), undefined);
  equal(readiness.reasonAgainst(stallMs), noAnswer);
  readiness.handleProbed(stallMs);
  equal(readiness.reasonAgainst(stallMs), undefined);
});

Deno.test("a log that answers probes but places nothing for 10 s makes the node not ready", () => {
  const readiness = new Readiness();
  readiness.handlePublished(0);
  for (let atMs = 0; atMs <= stallMs; atMs += 1000) readiness.handleProbed(atMs);
  equal(readiness.reasonAgainst(stallMs - 1), undefined);
  equal(readiness.reasonAgainst(stallMs), noTelemetry);
  readiness.handlePlaced(3, stallMs);
  equal(readiness.reasonAgainst(stallMs), undefined);
  readiness.handleProbed(2 * stallMs);
  equal(readiness.reasonAgainst(2 * stallMs), noTelemetry);
});

Deno.test("after everything was given up a node stays not ready for 10 s, then may be tried again", () => {
  const readiness = new Readiness();
  readiness.handlePublished(0);
  readiness.handleGivenUp(60_000);
  readiness.handleProbed(60_000);
  equal(readiness.reasonAgainst(60_000), noTelemetry);
  readiness.handleProbed(60_000 + stallMs);
  equal(readiness.reasonAgainst(60_000 + stallMs), undefined);
});
