import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { statusSchema } from "./status_schema.ts";
import { statusView } from "./status_view.ts";
import { linkedStatus } from "./testing/stage.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Places where a value is not as its schema says; as much of JSON Schema as the status uses. */
function faultsOf(value: unknown, schema: Schema, place = ""): string[] {
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [place];
  if (!([schema.type].flat() as unknown[]).includes(typeOf(value, schema))) return [place];
  if (Array.isArray(value)) return value.flatMap((item) => faultsOf(item, schema.items ?? {}, `${place}/items`));
  if (schema.properties === undefined) return [];
  const members = value as Record<string, unknown>;
  const names = new Set([...Object.keys(members), ...Object.keys(schema.properties)]);
  return [...names].flatMap((name) => faultsOf(members[name], schema.properties?.[name] ?? {}, `${place}/${name}`));
}

function typeOf(value: unknown, { type }: Schema): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const whole = Number.isInteger(value) && [type].flat().includes("integer");
  return whole ? "integer" : typeof value;
}

Deno.test("status is as the API describes it, linked or not, in health or not", () => {
  const link = { ...linkedStatus.link, state: "waiting", reason: "link_dead", detail: "gone" } as const;
  const unlinked = {
    ...link,
    rttMs: undefined,
    node: undefined,
    relay: undefined,
    transport: undefined,
    ready: undefined,
  };
  const ring = {
    ...linkedStatus.ring,
    hoursOfCover: 71.5,
    oldestTs: 1n,
    fault: new Fault("disk_full", "No space"),
  };
  const statuses = [
    linkedStatus,
    { ...linkedStatus, link: { ...unlinked, clockOffsetNs: undefined }, ring, clockOffsetNs: undefined, unsettled: [] },
    { ...linkedStatus, certificate: undefined },
  ];
  for (const status of statuses) deepStrictEqual(faultsOf(statusView(status), statusSchema), []);
  strictEqual(faultsOf({ ...statusView(linkedStatus), colour: 1 }, statusSchema)[0], "/colour");
});

Deno.test("exact numbers are text, and the ring's fault is told", () => {
  const view = statusView({
    ...linkedStatus,
    epoch: linkedStatus.epoch,
    ring: { ...linkedStatus.ring, oldestTs: 1718000000000000001n, fault: new Fault("disk_failed", "EIO") },
  });
  deepStrictEqual([view.vehicle_id, view.epoch, view.clock_offset_ns], ["drone-001", "77", "12"]);
  deepStrictEqual(view.unsettled, [{ epoch: "77", class: "normal", first: 3, records: 2 }]);
  deepStrictEqual(view.ring, {
    bytes_used: 1,
    bytes_max: 2,
    fill: 0.5,
    hours_of_cover: null,
    oldest_ts: "1718000000000000001",
    buffered_records: 0,
    fault: "EIO",
  });
});
