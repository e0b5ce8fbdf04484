import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { parseVehicleId } from "#proto/ids.ts";
import { nameLengthMax, tagsMax } from "./limits.ts";
import {
  archived,
  changed,
  isAsWished,
  readRegistration,
  registered,
  registrationText,
  wishShape,
} from "./registration.ts";

const vehicle = parseVehicleId("drone-001");
const wish = { type: "rover", name: "R", tags: { b: "2", a: "1" }, groups: ["y", "x", "y"] };
const first = registered(vehicle, { wish, nowMs: 5 });

Deno.test("the order of tags and groups makes no other content", () => {
  equal([first.groups, Object.keys(first.tags)], [["x", "y"], ["a", "b"]]);
  strictEqual(isAsWished(first, { ...wish, tags: { a: "1", b: "2" }, groups: ["x", "y"] }), true);
  strictEqual(isAsWished(first, { ...wish, tags: { a: "1" } }), false);
  strictEqual(isAsWished(first, { ...wish, name: "S" }), false);
});

Deno.test("a change leaves what it does not name, and takes away tags that are null", () => {
  const next = changed(first, { change: { name: "New", tags: { a: null, c: "3" } }, nowMs: 9 });
  equal(next, { ...first, name: "New", tags: { b: "2", c: "3" }, changedAtMs: 9 });
  equal(changed(first, { change: { groups: [] }, nowMs: 9 }).groups, []);
});

Deno.test("a registration is read as it was written", () => {
  equal(readRegistration(registrationText(first)), first);
  equal(readRegistration(registrationText(archived(first, 7))), { ...first, changedAtMs: 7, archivedAtMs: 7 });
});

Deno.test("what is wished is bounded, and holds nothing that breaks a line or a name", () => {
  const schema = z.strictObject(wishShape);
  const good = { type: "fixed-wing", name: "Survey Alpha ✈", tags: { site: "" }, groups: ["g-1"] };
  strictEqual(schema.safeParse(good).success, true);
  const bad = [
    { type: "Fixed" },
    { type: "" },
    { name: "" },
    { name: "   " },
    { name: "a\nb" },
    { name: "a\u0000" },
    { name: "x".repeat(nameLengthMax + 1) },
    { tags: { Site: "x" } },
    { tags: { site: "a\r" } },
    { tags: Object.fromEntries(Array.from({ length: tagsMax + 1 }, (_, i) => [`t${i}`, ""])) },
    { groups: ["a b"] },
    { groups: Array.from({ length: 17 }, (_, i) => `g${i}`) },
  ];
  for (const part of bad) strictEqual(schema.safeParse({ ...good, ...part }).success, false, JSON.stringify(part));
});

Deno.test("whatever is taken is read back the same", () => {
  const anyWish = fc.record({
    type: fc.stringMatching(/^[a-z][a-z0-9_-]{0,62}$/),
    name: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
    tags: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,10}$/), fc.string({ maxLength: 20 }), { maxKeys: 5 }),
    groups: fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}$/), { maxLength: 5 }),
  });
  fc.assert(fc.property(anyWish, (any) => {
    const parsed = z.strictObject(wishShape).safeParse(any);
    if (!parsed.success) return;
    const registration = registered(vehicle, { wish: parsed.data, nowMs: 1 });
    equal(readRegistration(registrationText(registration)), registration);
    strictEqual(isAsWished(registration, parsed.data), true);
  }));
});
