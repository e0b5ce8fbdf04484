import { equal } from "node:assert/strict";
import { VirtualClock } from "#proto/testing/clock.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { newestTime } from "./newest_time.ts";
import { frame, openSmall, silent } from "./testing/rig.ts";

const hourNs = 3_600_000_000_000n;

/** A ring that took one frame at a time and was closed; its disk for the next start. */
async function fly(disk: VirtualDisk, { wallNs, offsetNs }: { wallNs: bigint; offsetNs: bigint | undefined }) {
  const clock = new VirtualClock({ wallNs });
  const ring = await clock.run(openSmall(disk, { clock, seed: Number(wallNs % 1_000n), clockSynchronized: false }));
  await clock.run(ring.append("normal", [frame(1)]));
  if (offsetNs !== undefined) await clock.run(ring.fixClockOffset(offsetNs));
  await clock.run(ring.close());
  return disk.kill();
}

Deno.test("the newest time of a ring is that of the newest epoch whose clock is known, offset included", async () => {
  let disk = new VirtualDisk(seededRandom(1));
  equal(await newestTime({ disk, log: silent }), undefined);
  disk = await fly(disk, { wallNs: 1n, offsetNs: undefined });
  equal(await newestTime({ disk, log: silent }), undefined);
  disk = await fly(disk, { wallNs: 2n, offsetNs: 500n * hourNs });
  equal(await newestTime({ disk, log: silent }), 500n * hourNs + 2n);
  disk = await fly(disk, { wallNs: 900n * hourNs + 3n, offsetNs: undefined });
  equal(await newestTime({ disk, log: silent }), 500n * hourNs + 2n);
  disk = await fly(disk, { wallNs: 600n * hourNs + 4n, offsetNs: 0n });
  equal(await newestTime({ disk, log: silent }), 600n * hourNs + 4n);
});
