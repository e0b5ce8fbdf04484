import { deepStrictEqual as equal, match, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { commandIdPattern, commandIdRandomBytes, makeCommandId, parseCommandId } from "./command_id.ts";

Deno.test("an id is a UUID of version 7, and ids sort by their time", () => {
  const random = fc.uint8Array({ minLength: commandIdRandomBytes, maxLength: commandIdRandomBytes });
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  fc.assert(fc.property(fc.array(fc.tuple(time, random), { minLength: 2 }), (made) => {
    const ids = made.map(([ms, bytes]) => makeCommandId(ms, bytes));
    for (const id of ids) match(parseCommandId(id), commandIdPattern);
    const times = (list: readonly string[]) => list.map((id) => parseInt(id.slice(0, 13).replace("-", ""), 16));
    equal(times(ids.toSorted()), times(ids).toSorted((a, b) => a - b));
  }));
});

Deno.test("an example of RFC 9562", () => {
  const random = Uint8Array.fromHex("0cc398c4dc0c0c07398f");
  strictEqual(makeCommandId(0x017f22e279b0, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

Deno.test("other texts are none", () => {
  for (const text of ["", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 7]) {
    throws(() => parseCommandId(text), { code: "bad_request" });
  }
});
