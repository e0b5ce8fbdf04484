import { deepStrictEqual as equal, strictEqual, throws } from "node:assert/strict";
import { catalogueOf, templateFor } from "./catalogue.ts";

const catalogue = catalogueOf([{ type: "spray", class: "config" }]);

Deno.test("common commands know their data, those of a deployment take any", () => {
  equal(templateFor(catalogue, { type: "rtl", data: {} }).class, "motion");
  equal(templateFor(catalogue, { type: "goto", data: { latitude: 47, longitude: 8 } }).class, "motion");
  strictEqual(templateFor(catalogue, { type: "spray", data: { litres: 3 } }).class, "config");
});

Deno.test("what is wrong is named by its place", () => {
  const wrong = [
    [{ type: "dance", data: {} }, "unknown_command", "/type"],
    [{ type: "rtl", data: { now: true } }, "bad_query", "/data"],
    [{ type: "goto", data: { latitude: 99, longitude: 8 } }, "bad_query", "/data/latitude"],
    [{ type: "set_speed", data: {} }, "bad_query", "/data/speed_mps"],
  ] as const;
  for (const [asked, code, pointer] of wrong) throws(() => templateFor(catalogue, asked), { code, pointer });
});
