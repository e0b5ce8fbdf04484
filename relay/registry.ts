/**
 * Who is where: at most one session per vehicle on this shard, the newest login wins. Which that is says login_order.ts;
 * of two that are unrelated, the one that came later.
 */
import type { VehicleId } from "#proto/ids.ts";
import { type LoginOrder, loginOrder, type LoginRank } from "#proto/login_order.ts";
import { partitionOf } from "#proto/subjects.ts";

/** What the registry must know of a session. */
export interface Registered extends LoginRank {
  readonly vehicle: VehicleId;
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
   * the given one itself when a newer is here already (then nothing was entered). `order`: how the given one stands to it.
   */
  enter(session: Session): { superseded: Session | undefined; order: LoginOrder } {
    const other = this.#byVehicle.get(session.vehicle);
    const order = other === undefined ? "newer" : loginOrder(session, other);
    if (order === "older" || order === "same") return { superseded: session, order };
    if (other !== undefined) this.leave(other);
    this.#byVehicle.set(session.vehicle, session);
    const partition = partitionOf(session.vehicle);
    const neighbours = this.#byPartition.get(partition) ?? new Set();
    this.#byPartition.set(partition, neighbours.add(session));
    return { superseded: other, order };
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
