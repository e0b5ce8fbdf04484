/** A short attack on a real relay: what a stranger sends does not stay in memory, and genuine vehicles go on. */
import { equal, match, ok } from "node:assert/strict";
import { verdictOf } from "../soak/attack/curve.ts";
import { runAttackRig } from "../soak/attack/io/attack_rig.ts";

/** A relay that kept what 100 peers may push into their streams, 5 MiB each, would pass this by far. */
const growthBytesMax = 128 * 1024 * 1024;

Deno.test("a relay under anonymous peers and slow HTTP keeps its memory, serves its vehicle and lets another in", async () => {
  const { stretches, vehicleEnd, batches, logins, metrics } = await runAttackRig({
    quietSeconds: 4,
    attackSeconds: 24,
    stretchSeconds: 2,
    peers: 100,
    slowHttp: 30,
  });
  equal(vehicleEnd, undefined);
  equal(batches.received, batches.sent);
  ok(batches.sent > 20, `${batches.sent} batches`);
  ok(logins.welcome > 0, `${logins.welcome} of ${logins.tries} logins`);
  const { grownBytes } = verdictOf(stretches);
  ok(grownBytes < growthBytesMax, `grown by ${grownBytes} bytes`);
  for (const code of ["unexpected_frame", "frame_too_large", "unknown_issuer", "login_timeout"]) {
    match(metrics, new RegExp(`logins_refused_total\\{shard="0",code="${code}"\\} [1-9]`));
  }
});
