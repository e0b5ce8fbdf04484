import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type Code, codes } from "./errors.ts";
import { closeOf, codeOfEnd } from "./link_end.ts";

Deno.test("every code comes back from its close, whatever its number has become", () => {
  for (const code of Object.keys(codes) as Code[]) {
    const close = closeOf(code);
    strictEqual(close.code > 0, true);
    strictEqual(codeOfEnd({ ...close, by: "peer" }), code);
    strictEqual(codeOfEnd({ ...close, code: close.code + 3, by: "peer" }), code);
  }
});

Deno.test("good order has no code, and what is not ours is a dead link", () => {
  deepStrictEqual(closeOf(), { code: 0, reason: "" });
  strictEqual(codeOfEnd({ ...closeOf(), by: "peer" }), undefined);
  strictEqual(codeOfEnd({ ...closeOf(), by: "self" }), undefined);
  strictEqual(codeOfEnd({ code: 0, reason: "timed out", by: "network" }), "link_dead");
  strictEqual(codeOfEnd({ code: 77, reason: "?", by: "peer" }), "link_dead");
});
