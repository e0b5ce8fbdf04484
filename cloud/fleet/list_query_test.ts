import { strictEqual, throws } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { decodeListCursor, encodeListCursor, isWanted, type ListFilter } from "./list_query.ts";
import { archived, registered } from "../lib/registration.ts";

const wish = { type: "rover", name: "R", tags: { site: "north:1", empty: "" }, groups: ["g"] };
const rover = registered(parseVehicleId("r-1"), { wish, nowMs: 1 });
const all: ListFilter = { isArchived: false };

Deno.test("all that is named must hold", () => {
  const wanted: Partial<ListFilter>[] = [
    {},
    { type: "rover" },
    { group: "g" },
    { tag: "site" },
    { tag: "site:north:1" },
    { tag: "empty:" },
    { type: "rover", group: "g", tag: "empty" },
  ];
  const unwanted: Partial<ListFilter>[] = [
    { type: "drone" },
    { group: "h" },
    { tag: "site:north" },
    { tag: "toString" },
    { type: "rover", group: "h" },
    { isArchived: true },
  ];
  for (const filter of wanted) strictEqual(isWanted(rover, { ...all, ...filter }), true, JSON.stringify(filter));
  for (const filter of unwanted) strictEqual(isWanted(rover, { ...all, ...filter }), false, JSON.stringify(filter));
  strictEqual(isWanted(archived(rover, 2), { isArchived: true }), true);
});

Deno.test("a cursor leads on from where it was made, and fits no other question", () => {
  const cursor = encodeListCursor(all, parseVehicleId("r-1"));
  strictEqual(decodeListCursor(all, cursor), "r-1");
  throws(() => decodeListCursor({ ...all, type: "rover" }, cursor), { code: "bad_query" });
  throws(() => decodeListCursor({ ...all, state: "online" }, cursor), { code: "bad_query" });
  for (const damaged of ["", "x", `${cursor}A`, cursor.slice(0, -1), "AAAAAAAAAAAgIA"]) {
    throws(() => decodeListCursor(all, damaged), { code: "bad_query" }, damaged);
  }
});
