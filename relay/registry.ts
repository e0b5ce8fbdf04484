/**
 * Who is where: at most one session per vehicle on this shard, the newest login wins.
 *
 * Newest: within one start of an agent the one with the higher link counter, which the vehicle signed; across starts
 * the one that came later. (Judging by the chain of epochs, across shards, belongs to the identity work.)
 */
import type { VehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";

/** What the registry must know of a session. */
export interface Registered {
  readonly vehicle: VehicleId;
  /** 16 random bytes of one start of the agent, in hex. */
  readonly boot: string;
  /** Rises with every login of a boot. */
  readonly linkCounter: bigint;
}

/** The sessions of one shard. */
export class Registry<Session extends Registered> {
  readonly #byVehicle = new Map<VehicleId, Session>();
  readonly #byPartition = new Map<number, Set<Session>>();

  get size(): number {
    return this.#byVehicle.size;
  }

  /**
   * Enters a session. `superseded` is the older one that must be told so and closed: another session of the vehicle, or
   * the given one itself when a newer is here already (then nothing was entered).
   */
  enter(session: Session): { superseded: Session | undefined } {
    const other = this.#byVehicle.get(session.vehicle);
    if (other !== undefined && isNewer(other, session)) return { superseded: session };
    if (other !== undefined) this.leave(other);
    this.#byVehicle.set(session.vehicle, session);
    const partition = partitionOf(session.vehicle);
    const neighbours = this.#byPartition.get(partition) ?? new Set();
    this.#byPartition.set(partition, neighbours.add(session));
    return { superseded: other };
  }

  /** Takes a session out; one that was superseded is out already. Tells whether it was in. */
  leave(session: Session): boolean {
    if (this.#byVehicle.get(session.vehicle) !== session) return false;
    this.#byVehicle.delete(session.vehicle);
    const partition = partitionOf(session.vehicle);
    const neighbours = this.#byPartition.get(partition);
    neighbours?.delete(session);
    if (neighbours?.size === 0) this.#byPartition.delete(partition);
    return true;
  }

  /** The live session of a vehicle. */
  of(vehicle: VehicleId): Session | undefined {
    return this.#byVehicle.get(vehicle);
  }

  all(): Iterable<Session> {
    return this.#byVehicle.values();
  }

  /** Sessions whose telemetry belongs to a partition. */
  inPartition(partition: number): Iterable<Session> {
    return this.#byPartition.get(partition) ?? [];
  }
}

function isNewer(here: Registered, coming: Registered): boolean {
  return here.boot === coming.boot && here.linkCounter >= coming.linkCounter;
}
