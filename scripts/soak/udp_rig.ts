/** The rig of poor networks: a whole system whose vehicle reaches the relay through a UDP proxy. */
import type { Random } from "#proto/ports.ts";
import type { StoreKind } from "../dev/layout.ts";
import { freeLayout, withSystem } from "../e2e/harness.ts";
import { freePorts } from "../servers/ports.ts";
import { type RigResult, runRig } from "./io/rig.ts";
import { pause } from "./pause.ts";
import { clearPath, type PathCounts } from "./udp_path.ts";
import { startUdpProxy, type UdpProxy } from "./udp_proxy.ts";
import type { Weather } from "./weather.ts";

/** How long, how many frames, through what. */
export interface UdpOptions {
  readonly store: StoreKind;
  readonly seconds: number;
  readonly total: number;
  /** How long each kind lasts. */
  readonly everyMs: number;
  /** In turn, or by chance where {@link UdpOptions.choosing} is given. */
  readonly weathers: readonly Weather[];
  readonly choosing?: Pick<Random, "fraction">;
  /** Decides the fate of datagrams. */
  readonly random: Pick<Random, "fraction">;
}

/** The end of it. */
export interface UdpResult extends RigResult {
  /** How often each kind was there. */
  readonly turns: Readonly<Record<string, number>>;
  /** Of datagrams. */
  readonly up: Readonly<PathCounts>;
  readonly down: Readonly<PathCounts>;
}

/** Runs it on a system of its own. */
export async function runUdpRig(options: UdpOptions): Promise<UdpResult> {
  const [dialedPort] = freePorts(1);
  const layout = { ...await freeLayout({ store: options.store }), dialedPort };
  const target = { hostname: "127.0.0.1", port: layout.ports.relay };
  const proxy = startUdpProxy({ target, random: options.random, port: dialedPort });
  const turns = Object.fromEntries(options.weathers.map(({ name }) => [name, 0]));
  try {
    return await withSystem(layout, async (system) => {
      const trouble = (signal: AbortSignal) => changeUntil(signal, { ...options, proxy, turns });
      const result = await runRig(system, { ...options, trouble });
      return { ...result, turns, up: proxy.up.counts, down: proxy.down.counts };
    });
  } finally {
    await proxy.close();
  }
}

async function changeUntil(
  signal: AbortSignal,
  { proxy, turns, weathers, everyMs, choosing }: UdpOptions & { proxy: UdpProxy; turns: Record<string, number> },
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const place = choosing === undefined ? turn : Math.floor(choosing.fraction() * weathers.length);
    const { name, up, down, rebinds } = weathers[place % weathers.length];
    proxy.up.change({ ...clearPath, ...up });
    proxy.down.change({ ...clearPath, ...down });
    if (rebinds) proxy.rebind();
    turns[name]++;
    await pause(everyMs, signal);
  }
  proxy.change(clearPath);
}
