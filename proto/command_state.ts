/**
 * What a command is in, and by whose word it goes on: one table for cloud, vehicle and tests. Pure.
 * Source: protocol.md section 5.
 *
 *     accepted -> queued -> sent -> delivered -> executing -> succeeded | failed | rejected | expired | cancelled | superseded
 *
 * Until it is sent the cloud decides. From then on it is the vehicle's: what the cloud wants besides is `cancelling`, and
 * what nobody can tell is `unknown`, until the vehicle's word comes.
 */

/** All states. */
export const commandStates = [
  "accepted",
  "queued",
  "sent",
  "delivered",
  "executing",
  "cancelling",
  "unknown",
  "succeeded",
  "failed",
  "rejected",
  "expired",
  "cancelled",
  "superseded",
] as const;
/** One of {@link commandStates}. */
export type CommandState = typeof commandStates[number];

/** States that a vehicle's signed word brings about. */
export const vehicleStates = [
  "delivered",
  "executing",
  "succeeded",
  "failed",
  "rejected",
  "expired",
  "cancelled",
  "superseded",
  "unknown",
] as const satisfies readonly CommandState[];
/** One of {@link vehicleStates}. */
export type VehicleState = typeof vehicleStates[number];

/** What the cloud does. `lose`: nobody will tell any more, as far as is known. */
export const cloudActs = ["queue", "send", "cancel", "expire", "supersede", "lose"] as const;
/** One of {@link cloudActs}. */
export type CloudAct = typeof cloudActs[number];

/** Where a cloud's act leads; what is not named here it may not do. */
const byCloud: Readonly<Partial<Record<CommandState, Partial<Record<CloudAct, CommandState>>>>> = {
  accepted: { queue: "queued", send: "sent", cancel: "cancelled", expire: "expired", supersede: "superseded" },
  queued: { send: "sent", cancel: "cancelled", expire: "expired", supersede: "superseded" },
  sent: { send: "sent", cancel: "cancelling", lose: "unknown" },
  delivered: { cancel: "cancelling", lose: "unknown" },
  executing: { cancel: "cancelling", lose: "unknown" },
  cancelling: { send: "cancelling", lose: "unknown" },
  unknown: { send: "unknown" },
};

const outcomes: readonly VehicleState[] = ["succeeded", "failed", "rejected", "expired", "cancelled", "superseded"];
const onWay: readonly VehicleState[] = ["delivered", "executing", "unknown", ...outcomes];

/** Which of the vehicle's words are taken in a state: never one that goes back, and none after an outcome. */
const byVehicle: Readonly<Partial<Record<CommandState, readonly VehicleState[]>>> = {
  sent: onWay,
  delivered: ["executing", "unknown", ...outcomes],
  executing: ["executing", "unknown", ...outcomes],
  cancelling: onWay,
  unknown: onWay,
};

/** Whether nothing can follow. `unknown` is not: the vehicle may come back and tell. */
export function isOutcome(state: CommandState): boolean {
  return (outcomes as readonly CommandState[]).includes(state);
}

/** The state after the cloud's act; undefined when it may not do that. */
export function afterAct(state: CommandState, act: CloudAct): CommandState | undefined {
  return byCloud[state]?.[act];
}

/** The state after the vehicle's word; undefined when it changes nothing. While a cancel is under way, only an outcome does. */
export function afterWord(state: CommandState, word: VehicleState): CommandState | undefined {
  if (byVehicle[state]?.includes(word) !== true) return undefined;
  if (state === "cancelling" && !isOutcome(word) && word !== "unknown") return "cancelling";
  return word;
}
