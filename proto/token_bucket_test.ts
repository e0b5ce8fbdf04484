import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("a burst is given at once, then the rate, and no more is saved up than the burst", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
  const takeAll = (nowMs: number) => Array.from({ length: 9 }, () => bucket.take(nowMs)).filter(Boolean).length;
  deepStrictEqual([takeAll(0), takeAll(99), takeAll(100), takeAll(1e6)], [3, 0, 1, 3]);
  strictEqual(bucket.waitMs(1e6), 100);
  strictEqual(bucket.waitMs(1e6 + 60), 40);
  strictEqual(bucket.waitMs(1e6 + 100), 0);
});

Deno.test("whoever waits as long as told gets a token, and in no time more than rate and burst are given", () => {
  const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 2000 }), burst: fc.integer({ min: 1, max: 50 }) });
  const pauses = fc.array(fc.nat(500), { maxLength: 200 });
  const asTold = fc.property(rates, pauses, (rate, pauses) => {
    const bucket = new TokenBucket(rate, 0);
    let [nowMs, given] = [0, 0];
    for (const pauseMs of pauses) {
      nowMs += pauseMs;
      if (bucket.take(nowMs)) given += 1;
      else {
        nowMs += bucket.waitMs(nowMs);
        ok(bucket.take(nowMs));
        given += 1;
      }
    }
    ok(given <= rate.burst + nowMs / 1000 * rate.perSecond + 1e-5);
  });
  // Eight ms and then the 92 told: 0.08 and 0.92 of a token, which floating point makes one less an ulp.
  fc.assert(asTold, { examples: [[{ perSecond: 10, burst: 1 }, [0, 8]]] });
});

Deno.test("a token given back can be taken again, and the burst is not passed by it", () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 2 }, 0);
  ok(bucket.take(0) && bucket.take(0) && !bucket.take(0));
  bucket.giveBack();
  ok(bucket.take(0) && !bucket.take(0));
  for (let i = 0; i < 5; i++) bucket.giveBack();
  ok(bucket.take(0) && bucket.take(0) && !bucket.take(0));
});
