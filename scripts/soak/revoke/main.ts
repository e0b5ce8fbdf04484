/**
 * Vehicles that are revoked in a real step-ca while they stream: how soon their links are cut (goals.md R14). With hints
 * the cloud watches the authority and tells the relay; without, the relay finds out with its next poll.
 *
 *     deno task soak revoke [--times N] [--at-once N] [--hints on|off] [--poll-seconds N]
 */
import { parseArgs } from "node:util";
import { machineText, runtimeText } from "../../bench/machine.ts";
import { countOf } from "../../bench/options.ts";
import { runRevokeRig } from "./io/revoke_rig.ts";
import { missedBy, revokeText } from "./report.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "200" },
    "at-once": { type: "string", default: "2" },
    hints: { type: "string", default: "on" },
    "poll-seconds": { type: "string" },
  },
});
if (values.hints !== "on" && values.hints !== "off") throw new Error(`Cannot take hints "${values.hints}": on or off`);
const hints = values.hints === "on";
// What relays are configured to by default; without hints as often as may be, or the run would take hours.
const pollSeconds = countOf(values["poll-seconds"] ?? (hints ? "60" : "5"));
const [times, atOnce] = [values.times, values["at-once"]].map(countOf);

console.log(`${machineText()}\n${runtimeText()}`);
const onCut = (ms: number) => console.error(`cut after ${ms.toFixed(0)} ms`);
const result = await runRevokeRig({ times, atOnce, onCut, hints, pollSeconds });
console.log(revokeText(result, { hints, pollSeconds }));
Deno.exit(missedBy(result, { hints, pollSeconds }).length === 0 ? 0 : 1);
