/**
 * How soon a developer sees something, and how soon it is gone again (goals.md P14).
 *
 *     deno task bench dev [--store sqlite|questdb] [--rounds N]
 *
 * Each round begins with an empty state folder; the servers' programs are at hand. `visible`: from `startSystem`, which
 * is all that `deno task dev` does, to the answer of the query API that shows a row of the simulated vehicle. `stopped`:
 * from the request to stop until none of the processes is left, those that they started among them.
 */
import { parseArgs } from "node:util";
import { type DevRound, runDevRound } from "./dev_round.ts";
import { machineText, runtimeText } from "./machine.ts";
import { countOf, storeOf } from "./options.ts";
import { spreadText } from "./percentiles.ts";

/** Highest median that is good enough. */
const goalSeconds = { visible: 15, stopped: 3 };

const { values } = parseArgs({
  options: { store: { type: "string", default: "sqlite" }, rounds: { type: "string", default: "3" } },
});
const store = storeOf(values.store);
const roundsWanted = countOf(values.rounds);

console.log(`${machineText()}\n${runtimeText()}, store ${store}`);
const rounds: DevRound[] = [];
for (let round = 1; round <= roundsWanted; round++) {
  const seconds = await runDevRound(store);
  const [well, visible, stopped] = [seconds.well, seconds.visible, seconds.stopped].map((value) => value.toFixed(2));
  console.log(`round ${round}: all is well after ${well} s, visible after ${visible} s, stopped after ${stopped} s`);
  rounds.push(seconds);
}
for (const what of ["visible", "stopped"] as const) {
  const spread = spreadText(rounds.map((round) => round[what]));
  console.log(`${what} ${spread} s, wanted at most ${goalSeconds[what]} s`);
}
Deno.exit(0);
