import { strictEqual, throws } from "node:assert/strict";
import type { JsonValue } from "#proto/json.ts";
import { catalogueOf, templateFor } from "./catalogue.ts";

const litres = { type: "object", properties: { litres: { type: "number", maximum: 9 } }, required: ["litres"] };
const catalogue = catalogueOf([
  { type: "spray", class: "config" },
  { type: "fill", class: "config", data: litres, vehicle_types: ["rover", "boat"], role: "admin" },
]);

/** The template for a fixed-wing when nothing else is said. */
function templateOf(type: string, data: JsonValue, by: { vehicleType?: string | undefined } = {}) {
  return templateFor(catalogue, { type, data, vehicleType: "fixed-wing", ...by });
}

Deno.test("common commands know their data, those of a deployment take any", () => {
  strictEqual(templateOf("rtl", {}).class, "motion");
  strictEqual(templateOf("goto", { latitude: 47, longitude: 8 }).class, "motion");
  strictEqual(templateOf("spray", { litres: 3 }).class, "config");
});

Deno.test("commands of a deployment are held to its schema, for vehicles that know them", () => {
  for (const vehicleType of ["rover", "boat", undefined]) {
    strictEqual(templateOf("fill", { litres: 3 }, { vehicleType }).role, "admin");
    throws(() => templateOf("fill", { litres: 10 }, { vehicleType }), { code: "bad_query", pointer: "/data/litres" });
  }
  throws(() => templateOf("fill", { litres: 3 }), { code: "unknown_command", pointer: "/type" });
});

Deno.test("a schema that cannot be held to is said at the start", () => {
  for (const data of [{ type: "nonsense" }, { $ref: "http://elsewhere" }, { if: {} }]) {
    throws(() => catalogueOf([{ type: "spray", class: "query", data }]), { code: "bad_config" });
  }
});

Deno.test("what is wrong is named by its place", () => {
  const wrong = [
    ["dance", {}, "unknown_command", "/type"],
    ["rtl", { now: true }, "bad_query", "/data"],
    ["goto", { latitude: 99, longitude: 8 }, "bad_query", "/data/latitude"],
    ["set_speed", {}, "bad_query", "/data/speed_mps"],
  ] as const;
  for (const [type, data, code, pointer] of wrong) throws(() => templateOf(type, data), { code, pointer });
});
