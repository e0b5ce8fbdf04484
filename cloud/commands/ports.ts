/** What the commands service needs of the world besides the store. */
import type { VehicleId } from "#proto/ids.ts";

/** The way to vehicles, through whichever relay has them. Nothing tells whether it arrives: the vehicle's word does. */
export interface VehicleLines {
  /** An encoded Downward on the vehicle's own subject. */
  command(vehicle: VehicleId, bytes: Uint8Array): void;
  /** The same on the subject of stops. */
  stop(vehicle: VehicleId, bytes: Uint8Array): void;
}
