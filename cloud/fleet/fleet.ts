/** The fleet: registry and links together, each vehicle with its presence. */
import type { VehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import type { Clock } from "#proto/ports.ts";
import type { LinkBoard, VehicleLinks } from "../lib/links/link_board.ts";
import { decodeListCursor, encodeListCursor, isWanted, type ListFilter } from "./list_query.ts";
import { type Presence, presenceOf, type PresenceState, presenceStates } from "./presence.ts";
import type { Entry, Registry } from "./registry.ts";

/** What {@link Fleet} puts together. */
export interface FleetParts {
  readonly registry: Registry;
  readonly board: LinkBoard;
  readonly clock: Clock;
}

/** A vehicle as it stands now. */
export interface Standing {
  readonly vehicle: VehicleId;
  /** Undefined when nobody registered it. */
  readonly entry: Entry | undefined;
  readonly links: VehicleLinks;
  readonly presence: Presence;
}

/** A page of a list. */
export interface StandingPage {
  readonly vehicles: readonly Standing[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

/** See the head of this file. */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #listeningMs: number;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#listeningMs = parts.clock.uptimeMs();
  }

  /** One vehicle, with a registration that may be fresher than this instance's copy. */
  standing(vehicle: VehicleId, entry: Entry | undefined = this.#parts.registry.known(vehicle)): Standing {
    const { board, clock } = this.#parts;
    const now = instantOf(clock);
    const links = board.of(vehicle);
    const isRegistered = entry !== undefined && entry.registration.archivedAtMs === undefined;
    const isRelayHeard = links.link !== undefined && board.isHeard(links.link, now);
    const presence = presenceOf({ isRegistered, links, isRelayHeard, listeningMs: this.#listeningMs, now });
    return { vehicle, entry, links, presence };
  }

  /** Vehicles by id. Throws `bad_query` for a cursor that does not fit. */
  list(
    filter: ListFilter,
    { limit, cursor, isSeen = () => true }: {
      limit: number;
      cursor?: string | undefined;
      isSeen?: (standing: Standing) => boolean;
    },
  ): StandingPage {
    const after = cursor === undefined ? undefined : decodeListCursor(filter, cursor);
    const vehicles: Standing[] = [];
    for (const standing of this.#candidates(filter, after)) {
      if (filter.state !== undefined && standing.presence.state !== filter.state) continue;
      if (!isSeen(standing)) continue;
      if (vehicles.length === limit) return { vehicles, cursor: encodeListCursor(filter, vehicles[limit - 1].vehicle) };
      vehicles.push(standing);
    }
    return { vehicles, cursor: undefined };
  }

  /** How many vehicles are in each state; archived ones that are not linked count nowhere. */
  census(): ReadonlyMap<PresenceState, number> {
    const counts = new Map<PresenceState, number>(presenceStates.map((state) => [state, 0]));
    const count = ({ presence: { state } }: Standing) => counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const standing of this.#candidates({ isArchived: false }, undefined)) count(standing);
    for (const standing of this.#waiting(undefined)) count(standing);
    return counts;
  }

  *#candidates(filter: ListFilter, after: string | undefined): Iterable<Standing> {
    // Those that wait for their registration have nothing else to ask for.
    if (filter.state === "awaiting_registration") return yield* this.#waiting(after);
    const { registry } = this.#parts;
    for (const vehicle of registry.idsAfter(after)) {
      const entry = registry.known(vehicle);
      if (entry !== undefined && isWanted(entry.registration, filter)) yield this.standing(vehicle);
    }
  }

  *#waiting(after: string | undefined): Iterable<Standing> {
    const { registry, board } = this.#parts;
    const strangers = [...board.vehicles].filter((id) =>
      !registry.isRegistered(id) && (after === undefined || id > after)
    );
    for (const vehicle of strangers.sort()) {
      const standing = this.standing(vehicle);
      if (standing.presence.state === "awaiting_registration") yield standing;
    }
  }
}
