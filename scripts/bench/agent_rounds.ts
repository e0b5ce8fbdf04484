/** Rounds of the `agent-start` bench: an agent alone, started and killed on one ring. */
import { writeConfigs } from "../dev/configs.ts";
import { type Layout, sdkPortOf } from "../dev/layout.ts";
import { ensureSecrets } from "../dev/secrets.ts";
import { unitsOf } from "../dev/units.ts";
import { freeLayout } from "../e2e/harness.ts";
import { type Child, type ChildPlan, startChild } from "../servers/child.ts";
import { cpuSecondsOf, readStats } from "../servers/process_tree.ts";
import { waitFor } from "../servers/wait.ts";
import { RestartTimes } from "../soak/restart_times.ts";
import { begunIfDurable, logPath } from "./durable_post.ts";
import { LeanClient } from "./lean_client.ts";

const patience = { timeoutMs: 30_000, stepMs: 1 };
const signals = 20;
/** A frame of a flight. */
const frame = {
  stream: "flight",
  data: Object.fromEntries(Array.from({ length: signals }, (_, i) => [`signal_${i}`, i * Math.PI])),
};
/** On the disk, at the least. */
const frameBytes = signals * 8;
/** Their answer is as long as the client takes. */
const framesPerPost = 150;

/** An agent in a folder of its own; one process at a time. */
export class AgentRounds {
  readonly restarts = new RestartTimes(() => cpuSecondsOf(readStats(), this.#child?.pid ?? NaN));
  readonly #layout: Layout;
  readonly #plan: ChildPlan;
  readonly #url: string;
  #child: Child | undefined;

  private constructor(layout: Layout, plan: ChildPlan) {
    this.#layout = layout;
    this.#plan = plan;
    this.#url = `http://127.0.0.1:${sdkPortOf(layout, layout.vehicles[0])}`;
  }

  /** Makes the folder with certificates and configuration. */
  static async make(): Promise<AgentRounds> {
    const layout = await freeLayout({ store: "sqlite" });
    const passwords = await ensureSecrets(layout.state);
    await writeConfigs(layout, passwords);
    const units = unitsOf(layout, { natsServer: "", passwords });
    const [{ plan }] = units.filter(({ plan }) => plan.name === `agent-${layout.vehicles[0]}`);
    return new AgentRounds(layout, plan);
  }

  /** Makes so many bytes of records durable, and kills the agent. */
  async fill(bytes: number): Promise<void> {
    this.#child = startChild(this.#plan);
    await this.#firstAnswer();
    const client = new LeanClient(this.#url);
    const post = JSON.stringify(new Array(framesPerPost).fill(frame));
    for (let posted = 0; posted < bytes; posted += framesPerPost * frameBytes) await client.post(logPath, post);
    client.close();
    await this.#kill();
  }

  /** Starts, waits for a durable answer, kills. */
  async measure(): Promise<void> {
    this.restarts.handleStarted(performance.now());
    this.#child = startChild(this.#plan);
    this.restarts.handleDurable(await this.#firstAnswer(), performance.now());
    await this.#kill();
  }

  async remove(): Promise<void> {
    await this.#kill();
    await Deno.remove(this.#layout.state, { recursive: true });
  }

  /** When the post was begun that was the first to be answered durable. */
  async #firstAnswer(): Promise<number> {
    const client = new LeanClient(this.#url);
    const json = JSON.stringify(frame);
    const begunMs = await waitFor("a durable answer", () => begunIfDurable(client, json), patience);
    client.close();
    return begunMs;
  }

  async #kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.ended;
    this.#child = undefined;
  }
}
