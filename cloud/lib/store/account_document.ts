/** Vehicles' accounts as documents of the store, there and back. A vehicle has one, at a fixed place. */
import { parseEpoch, parseRelayName, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import type { Document } from "./backend.ts";
import { keyPrefix } from "./bookkeeping.ts";
import type { SeqCounts, Statement, VehicleAccount } from "./vehicle_account.ts";

interface AccountText {
  readonly heardNs: string;
  readonly statement?: {
    readonly atNs: string;
    readonly relay: string;
    readonly session: string;
    readonly epochs: readonly string[];
    readonly isCut: boolean;
  };
  readonly counts: SeqCounts;
  readonly forks: number;
  readonly waiting?: { readonly first: string; readonly sinceNs: string };
}

/** Where a vehicle's account lies. */
export function accountPlace(vehicle: VehicleId): Pick<Document, "key" | "atNs"> {
  return { key: keyPrefix(vehicle), atNs: 0n };
}

/** An account as a document. */
export function accountDocument({ vehicle, heardNs, statement, counts, forks, waiting }: VehicleAccount): Document {
  const text: AccountText = {
    heardNs: heardNs.toString(),
    ...(statement && { statement: { ...statement, atNs: `${statement.atNs}`, epochs: statement.epochs.map(String) } }),
    counts,
    forks,
    ...(waiting && { waiting: { ...waiting, sinceNs: waiting.sinceNs.toString() } }),
  };
  return { kind: "account", ...accountPlace(vehicle), text: JSON.stringify(text) };
}

/** Reads what {@link accountDocument} made. */
export function readAccount({ key, text }: Document): VehicleAccount {
  const { heardNs, statement, counts, forks, waiting } = JSON.parse(text) as AccountText;
  return {
    vehicle: parseVehicleId(key.slice(0, -1)),
    heardNs: BigInt(heardNs),
    statement: statement && readStatement(statement),
    counts,
    forks,
    waiting: waiting && { ...waiting, sinceNs: BigInt(waiting.sinceNs) },
  };
}

function readStatement({ atNs, relay, epochs, ...plain }: NonNullable<AccountText["statement"]>): Statement {
  return { ...plain, atNs: BigInt(atNs), relay: parseRelayName(relay), epochs: epochs.map(parseEpoch) };
}
