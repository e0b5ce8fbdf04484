/**
 * Who is linked where, by what shards say: logins, logouts, refusals, and every 5 s all links of a shard. Pure. Bounded
 * by the vehicles that are registered, and `strangersMax` others.
 *
 *     (none) -- up, or named in a digest --> linked -- down --> over
 *     linked -- not named for confirmMs while its shard speaks --> over (`link_dead`)
 *     linked -- its shard silent for confirmMs --> in doubt -- named again --> linked
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Presence, PresenceSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { Fault } from "#proto/errors.ts";
import { type VehicleId, vehicleIdPattern } from "#proto/ids.ts";
import type { Instant } from "#proto/instant.ts";
import { confirmMs, strangersMax } from "./limits.ts";

/** The part of a shard's digest about one link. */
export interface LinkHealth {
  readonly rttMs: number;
  readonly clockOffsetMs: number;
  /** Frames taken since its login. */
  readonly frames: number;
  /** How long before the digest the last batch came; undefined when none has. */
  readonly quietMs: number | undefined;
}

/** One link. Times of the wall clock in ms since 1970. */
export interface LinkFacts {
  readonly relay: string;
  readonly shard: number;
  /** Hex. */
  readonly session: string;
  /** When it logged in; undefined when that was before anybody here listened. */
  readonly sinceMs: number | undefined;
  readonly agentVersion: string;
  readonly peer: string;
  readonly certificateNotAfterMs: number | undefined;
  readonly health: LinkHealth | undefined;
  /** When its shard last named it, on the local uptime. */
  readonly confirmedMs: number;
}

/** How the last link ended. */
export interface LinkEnd {
  readonly atMs: number;
  /** A code, empty in good order. */
  readonly code: string;
  readonly detail: string;
}

/** A login that was refused. */
export interface Refusal {
  readonly atMs: number;
  readonly code: string;
  readonly detail: string;
  /** Since the last login that was not. */
  readonly count: number;
}

/** What is remembered of a vehicle's links when none is there; survives this service. */
export interface Past {
  readonly loginAtMs?: number;
  readonly relay?: string;
  readonly agentVersion?: string;
  readonly certificateNotAfterMs?: number;
  readonly end?: LinkEnd;
  readonly refusal?: Refusal;
}

/** All that is known of one vehicle's links. */
export interface VehicleLinks {
  /** The one that serves: of several the latest. */
  readonly link: LinkFacts | undefined;
  readonly past: Past;
  /** When two vehicles of this name were seen at a time. */
  readonly duplicateAtMs: number | undefined;
}

/** Whose past has changed, and whether it is worth writing down at once. */
export interface PastNews {
  readonly vehicle: VehicleId;
  readonly kind: "login" | "end" | "refusal";
}

interface Vehicle {
  readonly links: Map<string, LinkFacts>;
  past: Past;
  duplicateAtMs: number | undefined;
}

/** Settings of {@link LinkBoard}. */
export interface LinkBoardOptions {
  /** Whether what is told of it is kept in any case. */
  readonly isRegistered: (vehicle: VehicleId) => boolean;
  /** Told what is worth remembering beyond this service's life. */
  readonly onPast: (news: PastNews) => void;
}

const nothing: VehicleLinks = { link: undefined, past: {}, duplicateAtMs: undefined };

/** See the head of this file. */
export class LinkBoard {
  readonly #options: LinkBoardOptions;
  readonly #vehicles = new Map<VehicleId, Vehicle>();
  /** Ids among them that nobody registered, the one not heard of for longest first. */
  readonly #strangers = new Set<VehicleId>();
  /** When each shard last spoke, on the local uptime. */
  readonly #shards = new Map<string, number>();

  constructor(options: LinkBoardOptions) {
    this.#options = options;
  }

  /** All vehicles of which anything is known. */
  get vehicles(): Iterable<VehicleId> {
    return this.#vehicles.keys();
  }

  /** What is known of one. */
  of(vehicle: VehicleId): VehicleLinks {
    const known = this.#vehicles.get(vehicle);
    return known === undefined
      ? nothing
      : { link: latestOf(known.links), past: known.past, duplicateAtMs: known.duplicateAtMs };
  }

  /** Whether the shard of a link has spoken lately. */
  isHeard({ relay, shard }: LinkFacts, { uptimeMs }: Instant): boolean {
    return uptimeMs - (this.#shards.get(`${relay}.${shard}`) ?? -Infinity) < confirmMs;
  }

  /** What was remembered. What is known already is newer. */
  handlePast(vehicle: VehicleId, past: Past): void {
    const known = this.#vehicleFor(vehicle);
    known.past = { ...past, ...known.past };
  }

  /** What a shard says. Throws `bad_message` for what is not to be read. */
  handlePresence({ relay, shard }: { relay: string; shard: number }, bytes: Uint8Array, now: Instant): void {
    const { event } = decode(bytes);
    this.#shards.set(`${relay}.${shard}`, now.uptimeMs);
    const where = { relay, shard, now };
    switch (event.case) {
      case "up":
        return this.#handleUp(event.value, where);
      case "down":
        return this.#handleDown(event.value);
      case "refused":
        return this.#handleRefused(event.value);
      case "duplicate":
        return this.#vehicle(event.value.vehicleId, (known) => known.duplicateAtMs = msOf(event.value.atNs));
      case "digest":
        return this.#handleDigest(event.value, where);
    }
  }

  /** Ends what no shard names any more. */
  pollSweep(now: Instant): void {
    for (const [vehicle, known] of this.#vehicles) {
      for (const link of known.links.values()) {
        const isNamed = now.uptimeMs - link.confirmedMs < confirmMs;
        if (isNamed || !this.isHeard(link, now)) continue;
        const end = {
          atMs: Number(now.wallNs / 1_000_000n),
          code: "link_dead",
          detail: "its relay no longer names it",
        };
        this.#end(vehicle, known, { session: link.session, end });
      }
    }
  }

  #handleUp(
    up: Extract<Presence["event"], { case: "up" }>["value"],
    { relay, shard, now }: { relay: string; shard: number; now: Instant },
  ): void {
    this.#vehicle(up.vehicleId, (known, vehicle) => {
      const session = hexOf(up.session);
      const { agentVersion, remoteAddress: peer } = up;
      const [sinceMs, notAfterMs] = [msOf(up.atNs), Number(up.certificateNotAfterMs)];
      known.links.set(session, {
        ...{ relay, shard, session, sinceMs, agentVersion, peer },
        certificateNotAfterMs: notAfterMs,
        health: known.links.get(session)?.health,
        confirmedMs: now.uptimeMs,
      });
      // What was refused before is over with a login.
      const { refusal: _over, ...past } = known.past;
      known.past = { ...past, loginAtMs: sinceMs, relay, agentVersion, certificateNotAfterMs: notAfterMs };
      this.#options.onPast({ vehicle, kind: "login" });
    });
  }

  #handleDown({ vehicleId, session, atNs, code, detail }: { vehicleId: string } & DownFields): void {
    this.#vehicle(
      vehicleId,
      (known, vehicle) =>
        this.#end(vehicle, known, { session: hexOf(session), end: { atMs: msOf(atNs), code, detail } }),
    );
  }

  #handleRefused(refused: { claimedVehicleId: string; atNs: bigint; code: string; detail: string }): void {
    const { claimedVehicleId, atNs, code, detail } = refused;
    if (claimedVehicleId === "") return;
    this.#vehicle(claimedVehicleId, (known, vehicle) => {
      const count = (known.past.refusal?.count ?? 0) + 1;
      known.past = { ...known.past, refusal: { atMs: msOf(atNs), code, detail, count } };
      this.#options.onPast({ vehicle, kind: "refusal" });
    });
  }

  #handleDigest(
    { links, atNs }: Extract<Presence["event"], { case: "digest" }>["value"],
    { relay, shard, now }: { relay: string; shard: number; now: Instant },
  ): void {
    for (const { vehicleId, session, rttUs, clockOffsetNs, frames, lastBatchAtNs } of links) {
      this.#vehicle(vehicleId, (known) => {
        const name = hexOf(session);
        const quietMs = lastBatchAtNs === 0n ? undefined : Number((atNs - lastBatchAtNs) / 1_000_000n);
        const { agentVersion = "", certificateNotAfterMs } = known.past;
        const unseen = {
          relay,
          shard,
          session: name,
          sinceMs: undefined,
          agentVersion,
          peer: "",
          certificateNotAfterMs,
        };
        known.links.set(name, {
          ...known.links.get(name) ?? unseen,
          health: {
            ...{ rttMs: rttUs / 1_000, clockOffsetMs: Number(clockOffsetNs / 1_000_000n) },
            ...{ frames: Number(frames), quietMs },
          },
          confirmedMs: now.uptimeMs,
        });
      });
    }
  }

  #end(vehicle: VehicleId, known: Vehicle, { session, end }: { session: string; end: LinkEnd }): void {
    const isLast = known.links.delete(session) && known.links.size === 0;
    // The word about an older link may come behind the login of a newer one.
    if (!isLast) return;
    known.past = { ...known.past, end };
    this.#options.onPast({ vehicle, kind: "end" });
  }

  #vehicle(name: string, work: (known: Vehicle, vehicle: VehicleId) => void): void {
    if (!vehicleIdPattern.test(name)) throw new Fault("bad_message", "Cannot take presence: it names no vehicle");
    const vehicle = name as VehicleId;
    work(this.#vehicleFor(vehicle), vehicle);
  }

  #vehicleFor(vehicle: VehicleId): Vehicle {
    if (this.#options.isRegistered(vehicle)) this.#strangers.delete(vehicle);
    else this.#noteStranger(vehicle);
    let known = this.#vehicles.get(vehicle);
    if (known === undefined) {
      known = { links: new Map(), past: {}, duplicateAtMs: undefined };
      this.#vehicles.set(vehicle, known);
    }
    return known;
  }

  /** Of too many, the one not heard of for longest is forgotten. */
  #noteStranger(vehicle: VehicleId): void {
    this.#strangers.delete(vehicle);
    this.#strangers.add(vehicle);
    if (this.#strangers.size <= strangersMax) return;
    const [oldest] = this.#strangers;
    this.#strangers.delete(oldest);
    if (!this.#options.isRegistered(oldest)) this.#vehicles.delete(oldest);
  }
}

interface DownFields {
  readonly session: Uint8Array;
  readonly atNs: bigint;
  readonly code: string;
  readonly detail: string;
}

function latestOf(links: ReadonlyMap<string, LinkFacts>): LinkFacts | undefined {
  const age = ({ sinceMs = -Infinity }: LinkFacts) => sinceMs;
  return [...links.values()].reduce<LinkFacts | undefined>(
    (latest, link) => latest === undefined || age(link) >= age(latest) ? link : latest,
    undefined,
  );
}

function decode(bytes: Uint8Array): Presence {
  try {
    return fromBinary(PresenceSchema, bytes);
  } catch (cause) {
    throw new Fault("bad_message", `Cannot take presence of ${bytes.byteLength} bytes: not a valid message`, { cause });
  }
}

function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
