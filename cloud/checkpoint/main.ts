/** systemscale-checkpoint: on QuestDB's machine, lets it come through a power cut. See deploy/questdb. */
import { parseArgs } from "node:util";
import { asFault, Fault } from "#proto/errors.ts";
import { processClock } from "#proto/io/clock.ts";
import { makeLog } from "#proto/io/log.ts";
import { prepareStart, settleEnd } from "./around_run.ts";
import type { Start } from "./held.ts";
import { Holder } from "./holder.ts";
import { bootOfMachine } from "./io/boot.ts";
import { askForRestore, markFileIn, syncFileSystem } from "./io/mark_file.ts";
import { checkpointServer } from "./io/server.ts";
import { renewIntervalMs } from "./limits.ts";

const usage = `systemscale-checkpoint: on QuestDB's machine, lets it come through a power cut

  before-start --root DIR                  before QuestDB starts: after a power cut, let it go back to its checkpoint
  after-end --root DIR                     after QuestDB ended, however it did: what it wrote will need no checkpoint
  hold --root DIR --url URL [--every S]    hold a checkpoint and renew it every S seconds; default ${
  renewIntervalMs / 1000
}

  DIR: QuestDB's root, with conf/ and db/ in it
  URL: QuestDB's HTTP address; $QUESTDB_AUTHORIZATION is sent as the Authorization header`;

const startTexts: Readonly<Record<Start, string>> = {
  restore:
    "the machine went down, QuestDB goes back to its checkpoint; ingest writes again from the log what is younger",
  go_on: "nothing to do",
  unprotected: "the machine went down while no whole checkpoint was held; should tables be torn, see deploy/questdb",
};

try {
  await main();
  Deno.exit(0);
} catch (thrown) {
  const { code, message } = asFault(thrown);
  console.error(message);
  Deno.exit(code === "bad_config" ? 78 : 1);
}

async function main(): Promise<void> {
  const { command, root, url, everyMs } = parseArguments();
  const [mark, boot] = [markFileIn(root), await bootOfMachine()];
  if (command === "before-start") {
    const start = await prepareStart({ mark, boot, restore: () => askForRestore(root) });
    console.log(`before-start: ${startTexts[start]}`);
    return;
  }
  if (command === "after-end") return await settleEnd({ mark, sync: () => syncFileSystem(root) });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stopping.abort());
  const holder = new Holder({
    server: checkpointServer(url, Deno.env.get("QUESTDB_AUTHORIZATION")),
    mark,
    boot,
    renewMs: everyMs,
    clock: processClock(),
    log: makeLog({ service: "checkpoint", level: "info", format: "json" }),
  });
  await holder.run(stopping.signal);
}

function parseArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { root: { type: "string" }, url: { type: "string" }, every: { type: "string" } },
    });
    const [command] = positionals;
    const { root = "", url = "", every } = values;
    const everyMs = every === undefined ? renewIntervalMs : Number(every) * 1000;
    const isGood = positionals.length === 1 && root !== "" && everyMs >= 1000 &&
      (command === "before-start" || command === "after-end" || (command === "hold" && URL.canParse(url)));
    if (!isGood) throw new Fault("bad_config", "Cannot run this: wanted one of the commands below, with what it needs");
    return { command, root, url, everyMs };
  } catch (cause) {
    throw new Fault("bad_config", `${asFault(cause).message}\n\n${usage}`, { cause });
  }
}
