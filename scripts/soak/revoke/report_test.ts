import { deepEqual, match } from "node:assert/strict";
import { missedBy, type RevokeResult, revokeText } from "./report.ts";

const code = "certificate_revoked";
const good: RevokeResult = { cutMs: [300, 900], ends: [code, code], logins: [code, code], bystanderEnd: undefined };
const [pushed, polled] = [{ hints: true, pollSeconds: 60 }, { hints: false, pollSeconds: 5 }];

Deno.test("a run is good when all were cut in time, with the right word, for good, and nobody else", () => {
  deepEqual(missedBy(good, pushed), []);
  deepEqual(missedBy({ ...good, cutMs: [300, 5_900] }, polled), []);
  const bad: Partial<RevokeResult>[] = [
    { cutMs: [300, 1_001] },
    { ends: [code, "link_dead"] },
    { logins: [code, "welcome"] },
    { bystanderEnd: code },
  ];
  deepEqual(bad.map((one) => missedBy({ ...good, ...one }, pushed).length), [1, 1, 1, 1]);
  deepEqual(missedBy({ ...good, cutMs: [300, 6_001] }, polled).length, 1);
  match(revokeText({ ...good, ends: ["x", code] }, pushed), /hints on, poll 60 s\ncut after .*\nMISSED: a link ended/);
});
