/** `deno task replay FILE`: sends a flight log through an agent and waits until the cloud has all of it. */
import { parseArgs } from "node:util";
import { replayFlight, type ReplayProgress } from "./replay/replay_flight.ts";

const usage = `deno task replay FILE [options]

  FILE               .ndjson or .ndjson.gz, one frame per line as POST /v1/log takes it
  --vehicle ID       fail unless the agent is this vehicle's
  --speed max|real   as fast as it goes, or as it was flown (max)
  --agent URL        the agent's local API (http://127.0.0.1:7777)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    vehicle: { type: "string" },
    speed: { type: "string", default: "max" },
    agent: { type: "string", default: "http://127.0.0.1:7777" },
    help: { type: "boolean", default: false },
  },
});
if (values.help || positionals.length !== 1 || (values.speed !== "max" && values.speed !== "real")) {
  console.error(usage);
  Deno.exit(values.help ? 0 : 2);
}

/** Shows a bar on a terminal, a line every two seconds elsewhere. */
function progressTo(stream: typeof Deno.stderr): { show(progress: ReplayProgress): void; end(): void } {
  const width = 30;
  const lineIntervalMs = 2_000;
  const isTerminal = stream.isTerminal();
  const write = (text: string) => stream.writeSync(new TextEncoder().encode(text));
  let saidAtMs = -Infinity;
  const show = ({ total, taken, committed }: ReplayProgress) => {
    const text = `${taken}/${total} taken, ${committed}/${total} committed`;
    if (isTerminal) {
      const cells = (count: number) => Math.round(count / Math.max(total, 1) * width);
      const bar = "#".repeat(cells(committed)) + "=".repeat(Math.max(0, cells(taken) - cells(committed)));
      write(`\r[${bar.padEnd(width)}] ${text} `);
    } else if (performance.now() - saidAtMs > lineIntervalMs) {
      saidAtMs = performance.now();
      write(`${text}\n`);
    }
  };
  return { show, end: () => isTerminal && write("\n") };
}

const progress = progressTo(Deno.stderr);
try {
  const result = await replayFlight({
    file: positionals[0],
    agentUrl: values.agent.replace(/\/$/, ""),
    vehicle: values.vehicle,
    speed: values.speed,
    onProgress: progress.show,
  });
  progress.end();
  for (const refused of new Set(result.refused)) console.error(`refused: ${refused}`);
  const gone = result.taken - result.committed;
  if (gone > 0) {
    console.error(`${gone} frames were overwritten on the vehicle or put aside by the cloud: ask the ledger`);
  }
  console.log(
    `${result.total} frames sent, ${result.taken} taken after ${result.secondsTaken.toFixed(2)} s, ` +
      `${result.committed} committed after ${result.seconds.toFixed(2)} s`,
  );
  Deno.exit(result.committed === result.total ? 0 : 1);
} catch (error) {
  progress.end();
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
