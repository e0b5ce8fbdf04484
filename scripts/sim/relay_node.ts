/** A relay node: the real relay of one shard, listening on the way to every vehicle. */
import { parseRelayName } from "#proto/ids.ts";
import type { Listener, Log } from "#proto/ports.ts";
import type { VirtualNetwork } from "#proto/testing/link.ts";
import type { SeededRandom } from "#proto/testing/random.ts";
import { loginsPerMinuteAndVehicleDefault, loginsPerSecondDefault } from "#relay/limits.ts";
import type { Backbone } from "#relay/ports.ts";
import { Relay } from "#relay/relay.ts";
import { revocationOff } from "#relay/revocation.ts";
import type { Identities } from "./identities.ts";
import { Life, type Machine } from "./machine.ts";
import { relayPort } from "./vehicle.ts";

/** What a {@link RelayNode} is made of. */
export interface RelayNodeOptions {
  readonly name: string;
  readonly node: string;
  readonly machine: Machine;
  readonly random: SeededRandom;
  readonly identities: Pick<Identities, "checkChain" | "node">;
  /** The ways to the vehicles. */
  readonly networks: readonly VirtualNetwork[];
  readonly log: Log;
  readonly backbone: (life: Life, run: string) => Backbone;
}

/** See the head of this file. */
export class RelayNode {
  readonly #options: RelayNodeOptions;
  #life: Life | undefined;
  #relay: Relay | undefined;
  #listeners: Listener[] = [];

  constructor(options: RelayNodeOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#relay !== undefined;
  }

  /** Starts it, unless it runs already. */
  start(): void {
    if (this.isUp) return;
    const { name, node, machine, random, identities, networks, log, backbone } = this.#options;
    const life = new Life(machine);
    const run = random.bytes(8).toHex();
    const relay = new Relay({
      relay: parseRelayName(name),
      shard: 0,
      node,
      port: relayPort,
      isSharedName: false,
      identity: () => identities.node,
      checkChain: identities.checkChain,
      revocation: revocationOff,
      limits: {
        linksMax: 1_000,
        halfOpenMax: 100,
        halfOpenPerAddressMax: 100,
        linksPerSecondAndAddress: 1_000,
        handshakesInVainPerSecond: 1_000,
        loginsPerSecond: loginsPerSecondDefault,
        loginsPerMinuteAndVehicle: loginsPerMinuteAndVehicleDefault,
        heldBytesMax: 4 * 1024 * 1024,
      },
      clock: life,
      random,
      log,
      backbone: backbone(life, run),
      reclaim: () => {},
    });
    this.#life = life;
    this.#relay = relay;
    this.#listeners = networks.map((network) => network.listen({ node, port: relayPort }));
    for (const listener of this.#listeners) void relay.serve(listener);
  }

  /** Ends it at once; its links end as a network does. */
  kill(): void {
    this.#life?.end();
    this.#relay = undefined;
    for (const network of this.#options.networks) network.cut();
    for (const listener of this.#listeners) void listener.close();
    this.#listeners = [];
  }

  /** Stops it in good order; resolves when it is down. */
  async drain(): Promise<void> {
    const relay = this.#relay;
    await relay?.drain();
    if (relay === this.#relay) this.kill();
  }
}
