/** Bugs in the relay and on the way behind it. */
import { batchHeaderBytes, readBatchHeader } from "#proto/batch.ts";
import { writeBatchHeader } from "#proto/batch/header.ts";
import { type BundleItem, encodeBundle, readBundle } from "#proto/bundle.ts";
import { parseVehicleId } from "#proto/ids.ts";
import type { Backbone } from "#relay/ports.ts";
import type { Plant, PlantParts } from "../plant.ts";

const wrongVehicle: Plant = {
  name: "the wrong vehicle stamped",
  what: "a batch that came beside another vehicle's bears that one's name",
  needs: { vehicles: 2 },
  backbone: (backbone, parts) =>
    changing(backbone, parts, (item) => {
      if (item.kind !== "batch") return item;
      const other = parts.vehicles.find((id) => id !== item.header.vehicle) ?? item.header.vehicle;
      return { ...item, header: { ...item.header, vehicle: parseVehicleId(other) } };
    }),
};

const damagedAccepted: Plant = {
  name: "a torn batch accepted without its checksum",
  what: "bytes that changed on the way are taken as they are",
  backbone: (backbone, parts) =>
    changing(backbone, parts, (item) => {
      if (item.kind !== "batch") return item;
      const batch = item.batch.slice();
      const header = readBatchHeader(batch);
      batch[parts.random.integer(batchHeaderBytes, batch.length - 1)] ^= 1 << parts.random.integer(0, 7);
      writeBatchHeader(batch, header);
      return { ...item, batch };
    }),
};

/** See the head of this file. */
export const backbonePlants: readonly Plant[] = [wrongVehicle, damagedAccepted];

/** Changes the items of some bundles. */
function changing(backbone: Backbone, { random }: PlantParts, change: (item: BundleItem) => BundleItem): Backbone {
  const publish = (message: Parameters<Backbone["log"]["publish"]>[0]) => {
    const isHit = random.fraction() < 0.05;
    const bytes = isHit ? encodeBundle([...readBundle(message.bytes)].map(change)) : message.bytes;
    return backbone.log.publish({ ...message, bytes });
  };
  return { ...backbone, log: { publish } };
}
