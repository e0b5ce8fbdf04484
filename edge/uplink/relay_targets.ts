/**
 * Which relay to dial next: the configured ones in turn, or the node that a relay redirected to. Pure.
 * Source: protocol.md section 3, step 0.
 */
import { ok } from "node:assert/strict";
import { isIP } from "node:net";
import type { Redirect } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import type { Instant } from "#proto/instant.ts";
import type { DialTarget } from "#proto/ports.ts";
import { isNodeName } from "#proto/transcript.ts";
import { redirectMsMax } from "../limits.ts";

/** Where the vehicle may go. */
export interface RelayTargetsOptions {
  /** Not empty; dialled in this order. */
  readonly relays: readonly DialTarget[];
  /** Domains below which a redirect may lead, besides the relays themselves. */
  readonly redirectDomains: readonly string[];
}

/** Relays to dial. Redirects may lead to nodes below the names that the configuration gives. */
export function readTargets(
  addresses: readonly { readonly host: string; readonly port: number }[],
  trust: readonly string[],
): RelayTargetsOptions {
  return {
    relays: addresses.map(({ host, port }) => ({ host, port, node: host, trust })),
    redirectDomains: addresses.map(({ host }) => host).filter((host) => isIP(host) === 0),
  };
}

/** A redirect that is being followed. */
interface Followed {
  readonly target: DialTarget;
  /** Milliseconds since 1970; undefined: for one dial. */
  readonly expiresAtMs: number | undefined;
}

/** Where to dial, and not before which uptime. */
export interface NextTarget {
  readonly target: DialTarget;
  readonly notBeforeMs: number;
}

/** The list of one vehicle. */
export class RelayTargets {
  readonly #options: RelayTargetsOptions;
  /** Uptime before which each relay is left alone. */
  readonly #notBeforeMs: number[];
  #at = 0;
  #followed: Followed | undefined;

  constructor(options: RelayTargetsOptions) {
    ok(options.relays.length > 0, "there is a relay");
    this.#options = options;
    this.#notBeforeMs = options.relays.map(() => -Infinity);
  }

  /** Whether there is another one to try than the one in use. */
  get hasOthers(): boolean {
    return this.#options.relays.length > 1;
  }

  /** Where to dial: a redirect that still holds, else the relay whose turn it is, unless it is to be left alone. */
  next(now: Instant): NextTarget {
    const expiresAtMs = this.#followed?.expiresAtMs;
    if (expiresAtMs !== undefined && expiresAtMs <= wallMs(now)) this.#followed = undefined;
    if (this.#followed !== undefined) return { target: this.#followed.target, notBeforeMs: -Infinity };
    const { relays } = this.#options;
    const order = relays.map((_, i) => (this.#at + i) % relays.length);
    const free = order.find((i) => this.#notBeforeMs[i] <= now.uptimeMs);
    this.#at = free ?? order.reduce((a, b) => this.#notBeforeMs[b] < this.#notBeforeMs[a] ? b : a);
    return { target: relays[this.#at], notBeforeMs: this.#notBeforeMs[this.#at] };
  }

  /** The login there succeeded: a redirect for one dial has served. */
  handleLinked(): void {
    if (this.#followed?.expiresAtMs === undefined) this.#followed = undefined;
  }

  /** It failed there, or it is to be left: the next one's turn. A relay may be left alone until an uptime. */
  handleFailed(notBeforeMs = -Infinity): void {
    if (this.#followed !== undefined) {
      this.#followed = undefined;
      return;
    }
    this.#notBeforeMs[this.#at] = notBeforeMs;
    this.#at = (this.#at + 1) % this.#options.relays.length;
  }

  /** Follows a redirect that came from `from`; false when it leads where this vehicle may not go. */
  handleRedirect(redirect: Redirect, from: DialTarget, now: Instant): boolean {
    const { node, port } = redirect;
    if (!isNodeName(node) || port < 1 || port > 65_535) return false;
    const known = this.#options.relays.find((relay) => relay.node === node);
    const isBelow = this.#options.redirectDomains.some((domain) => node.endsWith(`.${domain}`));
    if (known === undefined && !isBelow) return false;
    const saidMs = Number(redirect.expiresAtMs);
    this.#followed = {
      target: { host: known?.host ?? node, port, node, trust: from.trust },
      expiresAtMs: saidMs === 0 ? undefined : Math.min(saidMs, wallMs(now) + redirectMsMax),
    };
    return true;
  }
}

function wallMs(now: Instant): number {
  return Number(now.wallNs / 1_000_000n);
}
