import { deepStrictEqual } from "node:assert/strict";
import { emptyCatch } from "./empty_catch.ts";
import { placesOf } from "./testing/found.ts";

Deno.test("a dropped error is found, as block and as callback", () => {
  const text = `try { go(); } catch {}
work.catch(() => {});
work.then(take, () => {});
work.then(() => {});
try { go(); } catch (error) { tell(error); }
try { go(); } catch {
  // Gone already: what was wanted.
}
work.catch(() => undefined);`;
  deepStrictEqual(placesOf(emptyCatch, { "proto/a.ts": text }), ["proto/a.ts:1", "proto/a.ts:2", "proto/a.ts:3"]);
});
