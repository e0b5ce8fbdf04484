import { ok } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "./errors.ts";
import { FrameDecoder } from "./frame.ts";
import { linkFrameBytesMaxBeforeLogin } from "./limits.ts";

/** Random bytes would name giant lengths at once; small ones get past the first header. */
const headerish = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.uint8Array({ minLength: 4, maxLength: 40 }))
  .map(([length, rest]) => new Uint8Array([length, 0, 0, 0, ...rest]));
const chunks = fc.array(fc.oneof(headerish, fc.uint8Array({ maxLength: 64 })), { maxLength: 40 });

Deno.test("any bytes give frames within the limit or a Fault, and never an endless loop", () => {
  fc.assert(
    fc.property(chunks, (given) => {
      const decoder = new FrameDecoder();
      let taken = 0;
      let bytes = 0;
      try {
        for (const chunk of given) {
          decoder.push(chunk);
          bytes += chunk.byteLength;
          for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
            taken += frame.payload.byteLength + 8;
            ok(frame.payload.byteLength < linkFrameBytesMaxBeforeLogin);
          }
        }
      } catch (thrown) {
        ok(thrown instanceof Fault, String(thrown));
      }
      ok(taken <= bytes, "no frame is made of nothing");
    }),
    { numRuns: 2000 },
  );
});
