import { deepStrictEqual } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ClassRangesSchema } from "#proto/gen/systemscale/link/v1/telemetry_pb.ts";
import { parseEpoch } from "#proto/ids.ts";
import { fromWire, toWire } from "./wire.ts";

Deno.test("sets come back as they went, empty ones do not travel", () => {
  const line = {
    epoch: parseEpoch(9n),
    class: "bulk" as const,
    ranges: [{ first: 1, last: 4 }, { first: 8, last: 8 }],
  };
  deepStrictEqual(fromWire(toWire([line, { ...line, ranges: [] }])), [line]);
});

Deno.test("what is no set is left out: wrong class, wrong epoch, ranges backwards or from zero", () => {
  const bad = [
    { epoch: 1n, class: 4, ranges: [{ first: 1n, last: 2n }] },
    { epoch: 0n, class: 1, ranges: [{ first: 1n, last: 2n }] },
    { epoch: 1n << 63n, class: 1, ranges: [{ first: 1n, last: 2n }] },
  ].map((line) => create(ClassRangesSchema, line));
  deepStrictEqual(fromWire(bad), []);
  const odd = create(ClassRangesSchema, {
    epoch: 1n,
    class: 1,
    ranges: [{ first: 0n, last: 2n }, { first: 5n, last: 4n }, { first: 1n, last: 1n << 60n }, { first: 7n, last: 7n }],
  });
  deepStrictEqual(fromWire([odd])[0].ranges, [{ first: 7, last: 7 }]);
});
