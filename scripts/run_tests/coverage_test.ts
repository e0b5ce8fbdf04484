import { deepStrictEqual, doesNotMatch, match } from "node:assert/strict";
import { coverageReport, parseLcov } from "./coverage.ts";

const lcov = `SF:/top/proto/a.ts
DA:1,1
LH:3
LF:4
end_of_record
SF:/elsewhere/b.ts
LH:1
LF:1
end_of_record
`;

Deno.test("an lcov report is read for the files below the top", () => {
  deepStrictEqual(parseLcov(lcov, "/top/"), [{ path: "proto/a.ts", lines: 4, run: 3 }]);
});

Deno.test("shares are told by member, and pure files that tests hardly run are named", () => {
  const report = coverageReport([
    { path: "proto/a.ts", lines: 4, run: 3 },
    { path: "proto/io/b.ts", lines: 10, run: 0 },
    { path: "edge/c.ts", lines: 6, run: 6 },
    { path: "edge/testing/d.ts", lines: 6, run: 0 },
    { path: "scripts/e.ts", lines: 6, run: 0 },
  ]);
  match(report, /^edge {4} 100\.0 % {2}of 6 lines$/m);
  match(report, /^proto {5}21\.4 % {2}of 14 lines$/m);
  match(report, /^all {7}45\.0 % {2}of 20 lines$/m);
  match(report, /75\.0 % {2}proto\/a\.ts/);
  doesNotMatch(report, /b\.ts|d\.ts|e\.ts/);
});
