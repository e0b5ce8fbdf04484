import { deepStrictEqual as equal } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { crlFetchTimeoutMs } from "#proto/limits.ts";
import type { Log } from "#proto/ports.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { MemoryCrl } from "#proto/testing/memory_crl.ts";
import { CrlWatch } from "./crl_watch.ts";
import { hintRepeats, watchRetryMs } from "./limits.ts";

const pollMs = 500;

async function stage() {
  const clock = new VirtualClock();
  const nowMs = Number(clock.wallNs() / 1_000_000n);
  const authority = await makeAuthority("watch", { notBeforeMs: nowMs, notAfterMs: nowMs + 86_400_000 });
  const crl = new MemoryCrl(authority.vehicleIssuer, clock);
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const stopping = new AbortController();
  const watch = new CrlWatch({ lists: [{ name: "list", source: crl }], pollMs, hint: () => {}, clock, log });
  const running = watch.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await clock.run(running);
  };
  return { clock, crl, watch, lines, stop };
}

Deno.test("another list is hinted at with the look that finds it and some looks more, the same one never again", async () => {
  const { clock, crl, watch, stop } = await stage();
  await clock.advance(20 * pollMs);
  equal([watch.hints, watch.looks.get("new")], [1 + hintRepeats, 1]);
  crl.revoke("0a");
  await clock.advance(pollMs);
  equal(watch.hints, 2 + hintRepeats);
  // Another before the hints for the first are over.
  crl.revoke("0b");
  await clock.advance(20 * pollMs);
  equal([watch.hints, watch.looks.get("new")], [1 + hintRepeats + 1 + 1 + hintRepeats, 3]);
  await stop();
});

Deno.test("an authority that is away is asked less often, told of once, and what it revoked meanwhile is hinted at", async () => {
  const { clock, crl, watch, lines, stop } = await stage();
  await clock.advance(20 * pollMs);
  crl.fault = new Fault("unavailable", "away");
  const asked = crl.fetches;
  await clock.advance(10 * watchRetryMs);
  equal([crl.fetches - asked <= 11, watch.unreachable, watch.hints], [true, 1, 1 + hintRepeats]);
  crl.revoke("0a");
  crl.fault = undefined;
  await clock.advance(watchRetryMs);
  equal([watch.unreachable, watch.hints > 1 + hintRepeats], [0, true]);
  equal(lines, [
    "Cannot watch a list of revoked certificates",
    "The list of revoked certificates is there again",
  ]);
  await stop();
});

Deno.test("an authority that does not answer is given up after a while, and asked again", async () => {
  const { clock, crl, watch, stop } = await stage();
  crl.hangs = true;
  await clock.advance(pollMs + crlFetchTimeoutMs);
  equal([watch.looks.get("deadline"), crl.aborted], [1, 1]);
  crl.hangs = false;
  await clock.advance(watchRetryMs);
  equal(watch.unreachable, 0);
  await stop();
});
