/** Kinds of poor networks that the UDP rig puts between a vehicle and its relay, one after another. */
import type { PathConditions } from "./udp_path.ts";

/** One kind. What is not named is as on a clear path. */
export interface Weather {
  readonly name: string;
  readonly up?: Partial<PathConditions>;
  readonly down?: Partial<PathConditions>;
  /** Also gives the vehicle a new port when it begins. */
  readonly rebinds?: true;
}

const bothWays = (name: string, conditions: Partial<PathConditions>): Weather => ({
  name,
  up: conditions,
  down: conditions,
});

/** A loss that QUIC must make good. */
export const lossy = bothWays("lossy", { loss: 0.1 });
/** A NAT that has forgotten the vehicle, on a network that loses. */
export const rebound: Weather = { ...lossy, name: "rebound", rebinds: true };
/** No UDP at all. */
export const blocked = bothWays("blocked", { blocked: true });

/** All kinds. */
export const weathers: readonly Weather[] = [
  bothWays("clear", {}),
  lossy,
  bothWays("far", { delayMs: 300, jitterMs: 100 }),
  bothWays("shuffled", { reordering: 0.2, overtakenMs: 50, duplication: 0.2 }),
  bothWays("narrow", { bytesPerSecond: 24_000, queueMsMax: 500 }),
  rebound,
  { name: "deaf", down: { blocked: true } },
  { name: "mute", up: { blocked: true } },
  blocked,
];
