/**
 * A slow way between two network namespaces, full of bulk: what goes on the command lane of a link over TCP does not wait
 * behind it. Needs root and tbf; skipped elsewhere, with the reason.
 */
import { ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { waitFor } from "../servers/wait.ts";
import { netnsPair, pairRefusal } from "./netns_pair.ts";
import { patience } from "./patience.ts";
import type { SlowTcpFindings } from "./slow_tcp_rig.ts";

const bitsPerSecond = 1_000_000;
const refusal = await pairRefusal();
if (refusal !== undefined) console.log(`A slow way over TCP is not tested: ${refusal}`);

Deno.test({
  name: "over TCP on a slow way a command does not wait behind bulk, and bulk still fills the way",
  // Left out where two namespaces with a slow way cannot be had: see `refusal`.
  ignore: refusal !== undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    await using pair = await netnsPair({ bitsPerSecond });
    const rig = fileURLToPath(new URL("slow_tcp_rig.ts", import.meta.url));
    const [at, ...words] = pair.inFirst(Deno.execPath(), "run", "-A", rig, "relay", pair.firstAddress, folder);
    const relay = new Deno.Command(at, { args: words }).spawn();
    try {
      await waitFor("the relay", async () => await Deno.stat(`${folder}/root.pem`).catch(() => undefined), patience);
      const [by, ...args] = pair.inSecond(Deno.execPath(), "run", "-A", rig, "vehicle", pair.firstAddress, folder);
      const { success, stdout, stderr } = await new Deno.Command(by, { args }).output();
      ok(success, new TextDecoder().decode(stderr));
      const findings: SlowTcpFindings = JSON.parse(new TextDecoder().decode(stdout));
      const told = JSON.stringify(findings);
      // The sender keeps 200 ms under way; the rest is the machine's own.
      ok(findings.roundTripsMs.every((ms) => ms < 1_000), told);
      ok(findings.bulkRate > 0.8 * bitsPerSecond / 8, told);
    } finally {
      relay.kill("SIGKILL");
      await relay.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});
