import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { clockOffsetStepNs } from "./limits.ts";
import { linkReportsOf, Links } from "./links.ts";

const vehicle = parseVehicleId("drone-001");
const session = Uint8Array.of(1, 2);

function reportsOf(event: MessageInitShape<typeof PresenceSchema>["event"]) {
  return linkReportsOf(toBinary(PresenceSchema, create(PresenceSchema, { event })));
}

Deno.test("logins tell the version, digests the offset once it was measured, and others nothing", () => {
  const up = reportsOf({ case: "up", value: { vehicleId: vehicle, session, agentVersion: "1.2.3" } });
  equal(up, [{ vehicle, session: "0102", agentVersion: "1.2.3" }]);
  const link = { vehicleId: vehicle, session, clockOffsetNs: -7n };
  const digest = reportsOf({ case: "digest", value: { links: [{ ...link, rttUs: 0 }, { ...link, rttUs: 90 }] } });
  equal(digest, [{ vehicle, session: "0102", clockOffsetNs: -7n }]);
  equal(reportsOf({ case: "down", value: { vehicleId: vehicle, session } }), []);
  throws(() => reportsOf({ case: "up", value: { vehicleId: "a.b", session } }), { code: "bad_vehicle_id" });
});

Deno.test("an offset is news when it is the first or has moved; another session begins anew", () => {
  const links = new Links(9);
  const report = { vehicle, session: "01" };
  equal(links.take({ ...report, agentVersion: "1" }, 1n), { agentVersion: "1", clockOffset: undefined });
  equal(links.take({ ...report, agentVersion: "1" }, 2n), undefined);
  const first = { firstNs: 50n, lastNs: 50n, lastAtNs: 3n };
  equal(links.take({ ...report, clockOffsetNs: 50n }, 3n), { agentVersion: "1", clockOffset: first });
  equal(links.take({ ...report, clockOffsetNs: 49n + clockOffsetStepNs }, 4n), undefined);
  const lastNs = 50n - clockOffsetStepNs;
  const moved = { agentVersion: "1", clockOffset: { firstNs: 50n, lastNs, lastAtNs: 5n } };
  equal(links.take({ ...report, clockOffsetNs: lastNs }, 5n), moved);
  equal(links.of(vehicle, "01"), moved);
  const other = { agentVersion: "", clockOffset: { firstNs: 1n, lastNs: 1n, lastAtNs: 6n } };
  equal(links.take({ vehicle, session: "02", clockOffsetNs: 1n }, 6n), other);
  equal([links.of(vehicle, "01"), links.of(vehicle, "02")], [undefined, other]);
});

Deno.test("of too many vehicles the one that was told of longest ago is forgotten", () => {
  const links = new Links(2);
  for (const id of ["a", "b", "c"]) links.take({ vehicle: parseVehicleId(id), session: "01", agentVersion: "1" }, 1n);
  equal(["a", "b", "c"].map((id) => links.of(parseVehicleId(id), "01") !== undefined), [false, true, true]);
});
