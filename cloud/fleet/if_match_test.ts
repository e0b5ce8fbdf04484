import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { demandPrecondition, etagOf, preconditionOf } from "./if_match.ts";

Deno.test("a header names revisions, whatever there is, or nothing", () => {
  equal(preconditionOf(etagOf(12)), [12]);
  equal(preconditionOf('"1", "2"'), [1, 2]);
  equal(preconditionOf(" * "), "any");
  equal([preconditionOf(undefined), preconditionOf("")], [undefined, undefined]);
});

Deno.test("a tag that is none of ours matches nothing, and a weak one neither", () => {
  for (const header of ["12", 'W/"12"', '"x"', '"0"']) equal(preconditionOf(header), [NaN], header);
});

Deno.test("a change without a condition is refused", () => {
  throws(() => demandPrecondition(undefined), { code: "precondition_required" });
  equal(demandPrecondition("*"), "any");
});
