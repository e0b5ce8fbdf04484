import { deepStrictEqual as equal } from "node:assert/strict";
import { makeCommandId } from "#proto/command_id.ts";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { type GroupPlan, runGroup, type VehicleNews } from "./group_run.ts";
import { acceptedRecord, type CommandRecord } from "./record.ts";

const vehicles = ["a", "b", "c", "d", "e", "f"].map(parseVehicleId);
const random = seededRandom(1);

/** What each vehicle makes of it, and after how many ms. */
type Fates = Readonly<Record<string, "succeeded" | "failed" | "refused" | "unauthorized">>;

function textOf(news: VehicleNews): string {
  return news.kind === "refused"
    ? `${news.vehicle} ${news.code}`
    : `${news.record.vehicle} ${news.kind === "over" ? news.record.state : "issued"}`;
}

function stage(plan: Omit<GroupPlan, "vehicles">, { fates, overAfterMs = 10 }: { fates: Fates; overAfterMs?: number }) {
  const clock = new VirtualClock();
  const leaving = new AbortController();
  const issue = (vehicle: VehicleId): Promise<CommandRecord> => {
    const fate = fates[vehicle];
    if (fate === "refused") return Promise.reject(new Fault("vehicle_stopped", "it is stopped"));
    if (fate === "unauthorized") return Promise.reject(new Fault("unauthorized", "it is revoked"));
    const id = makeCommandId(0, random.bytes(10));
    const about = { id, vehicle, type: "rtl", class: "motion", data: "{}", priority: "normal" } as const;
    return Promise.resolve(acceptedRecord({ ...about, issuer: "", reason: "", createdAtMs: 0, deadlineAtMs: 1 }));
  };
  const outcomeOf = async (record: CommandRecord): Promise<CommandRecord> => {
    await clock.after(overAfterMs);
    return { ...record, state: fates[record.vehicle] === "failed" ? "failed" : "succeeded" };
  };
  const run = runGroup({ vehicles, ...plan }, { issue, outcomeOf, clock, signal: leaving.signal });
  const told: string[] = [];
  const all = (async () => {
    for (;;) {
      const { value, done } = await run.next();
      if (done) return value;
      told.push(`${clock.uptimeMs()} ${textOf(value)}`);
    }
  })();
  return { clock, leaving, told, all };
}

Deno.test("each vehicle has its turn at the rate, and its outcome is told when it is known", async () => {
  const { clock, told, all } = stage({ perSecond: 10 }, { fates: { b: "failed", c: "refused" } });
  const beganMs = clock.uptimeMs();
  const summary = await clock.run(all);
  equal(summary, { succeeded: 4, failed: 2, notIssued: [] });
  equal(
    told.map((text) => text.replace(/^\d+/, (ms) => String(Number(ms) - beganMs))).slice(0, 5),
    ["0 a issued", "10 a succeeded", "100 b issued", "110 b failed", "200 c vehicle_stopped"],
  );
});

Deno.test("enough failures end it, refused or failed, and the rest is named", async () => {
  const fates: Fates = { a: "refused", b: "failed" };
  const { clock, told, all } = stage({ perSecond: 10, abortAfter: 2 }, { fates });
  equal(await clock.run(all), { succeeded: 0, failed: 2, notIssued: ["c", "d", "e", "f"] });
  equal(told.length, 3);
});

Deno.test("what was commanded before enough had failed is followed to its end", async () => {
  const { clock, all } = stage({ perSecond: 100, abortAfter: 1 }, { fates: { a: "failed" }, overAfterMs: 25 });
  equal(await clock.run(all), { succeeded: 2, failed: 1, notIssued: ["d", "e", "f"] });
});

Deno.test("who leaves, or may not any more, commands no further vehicle", async () => {
  const { clock, leaving, all } = stage({ perSecond: 1 }, { fates: {} });
  await clock.advance(1_500);
  leaving.abort();
  equal(await clock.run(all), { succeeded: 2, failed: 0, notIssued: ["c", "d", "e", "f"] });
  const revoked = stage({ perSecond: 1 }, { fates: { b: "unauthorized" } });
  equal(await revoked.clock.run(revoked.all), { succeeded: 1, failed: 1, notIssued: ["c", "d", "e", "f"] });
});
