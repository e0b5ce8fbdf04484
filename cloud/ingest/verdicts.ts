/** Groups verdicts into one notice per shard and partition. */
import { create } from "@bufbuild/protobuf";
import { type VerdictNotice, VerdictNoticeSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import type { RelayName, VehicleId } from "#proto/ids.ts";
import { partitionOf } from "#proto/subjects.ts";
import type { LanePlaces } from "./places.ts";
import type { SessionAddress } from "./sessions.ts";
import { type LineRanges, mergeLines, placesToWire, toWire } from "./wire.ts";

/** What was decided about some of a vehicle's records, and the session to tell. */
export interface Verdict {
  readonly vehicle: VehicleId;
  readonly address: SessionAddress;
  readonly committed: readonly LineRanges[];
  readonly quarantined: readonly LineRanges[];
}

/** A notice and the shard it goes to. */
export interface AddressedNotice {
  readonly to: { readonly relay: RelayName; readonly shard: number };
  readonly notice: VerdictNotice;
}

/** One notice per shard and partition, one entry in it per vehicle. */
export function noticesOf(
  verdicts: readonly Verdict[],
  passedOf: (partition: number) => LanePlaces | undefined,
): AddressedNotice[] {
  const groups = Map.groupBy(
    verdicts,
    ({ vehicle, address }) => `${address.relay}/${address.shard}/${partitionOf(vehicle)}`,
  );
  return [...groups.values()].map((group) => ({
    to: { relay: group[0].address.relay, shard: group[0].address.shard },
    notice: create(VerdictNoticeSchema, {
      partition: partitionOf(group[0].vehicle),
      passed: placesToWire(passedOf(partitionOf(group[0].vehicle))),
      entries: [...Map.groupBy(group, ({ vehicle }) => vehicle)].map(([vehicle, own]) => ({
        vehicleId: vehicle,
        session: own[0].address.session,
        committed: toWire(mergeLines(own.flatMap(({ committed }) => committed))),
        quarantined: toWire(mergeLines(own.flatMap(({ quarantined }) => quarantined))),
      })),
    }),
  }));
}
