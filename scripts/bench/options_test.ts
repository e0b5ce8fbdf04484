import { deepEqual, throws } from "node:assert/strict";
import { countOf, storeOf } from "./options.ts";

Deno.test("stores and counts are read, and what is none is named", () => {
  deepEqual(["sqlite", "questdb"].map(storeOf), ["sqlite", "questdb"]);
  throws(() => storeOf("quest"), /"quest": wanted sqlite or questdb/);
  deepEqual(["1", "1000"].map(countOf), [1, 1000]);
  for (const text of ["0", "-1", "1.5", "", "many"]) throws(() => countOf(text), /wanted 1 or more/);
});
