import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { encodeShape } from "#proto/shape.ts";
import { batch, numberShape, scenario } from "./testing/owners.ts";
import { batchOf, startNs, telemetry } from "./testing/stage.ts";

scenario("a shape that was defined before this owner's time is found in the bucket", async (stage) => {
  stage.bucket.set(telemetry.hash, encodeShape(telemetry));
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([batch(1, 2)])]);
  deepStrictEqual(await stage.seqsIn("telemetry"), [1, 2]);
});

scenario("all shapes of a batch are found in the bucket, however many a new owner lacks", async (stage) => {
  const ingest = await stage.ingest();
  const shapes = ["gps", "imu", "status"].map(numberShape);
  for (const shape of shapes) stage.bucket.set(shape.hash, encodeShape(shape));
  const records = shapes.map((shape, at) => ({ seq: at + 1, ts: startNs, shape, values: [at] }));
  await ingest.commit([stage.message([batchOf(records)])]);
  deepStrictEqual(stage.told(), { committed: [{ first: 1, last: 3 }], quarantined: [] });
  deepStrictEqual(await stage.seqsIn("status"), [3]);
});

scenario("a shape that nobody knows sends its batches aside", async (stage) => {
  const ingest = await stage.ingest();
  await ingest.commit([stage.message([batch(1, 2)])]);
  deepStrictEqual(stage.told().quarantined, [{ first: 1, last: 2 }]);
  strictEqual((await stage.quarantined())[0].code, "unknown_shape");
});
