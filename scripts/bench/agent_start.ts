/**
 * How soon an agent that was killed takes writes again (goals.md R1).
 *
 *     deno task bench agent-start [--rounds N] [--megabytes N]
 *
 * Each round starts the agent as `deno task dev` does, on the ring that the rounds before have left; nobody links. Told is
 * the time from the start of the process to the end of its first durable answer, and the processor time that the agent has
 * used by then: what a machine that does other things too does not change.
 */
import { parseArgs } from "node:util";
import { restartsText } from "../soak/report.ts";
import { AgentRounds } from "./agent_rounds.ts";
import { machineText, runtimeText } from "./machine.ts";
import { countOf } from "./options.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, megabytes: { type: "string", default: "10" } },
});
const [rounds, megabytes] = [countOf(values.rounds), countOf(values.megabytes)];

console.log(`${machineText()}\n${runtimeText()}, ring of ${megabytes} MB`);
const agent = await AgentRounds.make();
try {
  await agent.fill(megabytes * 1e6);
  for (let round = 0; round < rounds; round++) await agent.measure();
} finally {
  await agent.remove();
}
console.log(`agent takes writes again: ${restartsText(agent.restarts)}`);
