/**
 * A whole system in a network namespace of its own whose kernel drops UDP for a while, in the middle of a flight. Run by
 * udp_dropped_test.ts inside that namespace; prints what it found as JSON.
 */
import { AgentApi } from "../replay/agent_api.ts";
import { waitFor } from "../servers/wait.ts";
import { freeLayout, type TestSystem, withSystem } from "./harness.ts";
import { patience } from "./patience.ts";

/** What the rig found. */
export interface UdpDroppedFindings {
  /** What the link ran on before UDP was dropped, while it was, and after that. */
  readonly transports: readonly (string | null)[];
  /** Longest time without a word of the relay on received telemetry while UDP was dropped and when it came back, ms. */
  readonly gapMs: number;
  readonly returnGapMs: number;
  /** From the end of the dropping to a link over QUIC. */
  readonly returnMs: number;
  readonly posted: number;
  readonly stored: number;
  /** Records that will never be in the store. */
  readonly lost: number;
  /** Samples in which the agent was not linked. */
  readonly unlinked: number;
}

interface Status {
  readonly transport: string | null;
  readonly link: string;
  readonly last_received_at_ms: number | null;
  readonly gone: { readonly lost: number; readonly quarantined: number };
}

const stepMs = 20;
const returnMsMax = 90_000;

/** A vehicle in flight: posts a frame and looks at the link in each step. */
class Flight {
  readonly #api: AgentApi;
  readonly #url: string;
  posted = 0;
  unlinked = 0;

  constructor(system: TestSystem) {
    this.#url = system.agentUrl();
    this.#api = new AgentApi(this.#url, { patienceMs: 5_000 });
  }

  /** Flies so long, or until the link runs on that; tells the longest gap, and what the link runs on then. */
  async fly({ forMs, until }: { forMs: number; until?: string }): Promise<{ gapMs: number; tookMs: number } & Status> {
    const beganMs = performance.now();
    let gapMs = 0;
    for (;;) {
      await this.#api.post([JSON.stringify({ stream: "flight", data: { count: this.posted } })]);
      this.posted += 1;
      const status = await this.status();
      this.unlinked += status.link === "linked" ? 0 : 1;
      gapMs = Math.max(gapMs, Date.now() - (status.last_received_at_ms ?? Date.now()));
      const tookMs = performance.now() - beganMs;
      if (tookMs > forMs || (until !== undefined && status.transport === until)) return { ...status, gapMs, tookMs };
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
  }

  async status(): Promise<Status> {
    return await (await fetch(`${this.#url}/v1/status`)).json();
  }
}

async function nft(...words: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("nft", { args: words }).output();
  if (!success) throw new Error(`Cannot nft ${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function run(system: TestSystem): Promise<UdpDroppedFindings> {
  const flight = new Flight(system);
  await waitFor("a link", async () => (await flight.status()).link === "linked" || undefined, patience);
  const before = await flight.fly({ forMs: 3_000 });
  await nft("add", "table", "inet", "drops");
  await nft("add", "chain", "inet", "drops", "input", "{ type filter hook input priority 0; }");
  // On the way in: whoever sends hears nothing of it.
  await nft("add", "rule", "inet", "drops", "input", "meta", "l4proto", "udp", "drop");
  const dropped = await flight.fly({ forMs: 12_000 });
  await nft("delete", "table", "inet", "drops");
  const after = await flight.fly({ forMs: returnMsMax, until: "quic" });
  const settled = await flight.fly({ forMs: 2_000 });
  const stored = await waitFor("all frames in the store", async () => {
    const rows = await system.rows({ stream: "flight", vehicle_id: system.layout.vehicles[0] }).catch(() => []);
    return rows.length >= flight.posted ? rows.length : undefined;
  }, patience);
  const { gone } = await flight.status();
  return {
    transports: [before, dropped, settled].map(({ transport }) => transport),
    gapMs: dropped.gapMs,
    returnGapMs: Math.max(after.gapMs, settled.gapMs),
    returnMs: after.tookMs,
    ...{ posted: flight.posted, stored, lost: gone.lost + gone.quarantined, unlinked: flight.unlinked },
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(await withSystem(await freeLayout({ store: "sqlite" }), run)));
}
