import { deepEqual, equal, throws } from "node:assert/strict";
import { classes } from "#proto/class.ts";
import type { Epoch } from "#proto/ids.ts";
import { inventoryEpochsMax, linkFrameBytesMax } from "#proto/limits.ts";
import { decodeMessage, encodeMessage, messageBytes } from "#proto/link_message.ts";
import { inventoryRangesMax, inventorySettledRangesMax, inventoryShapesMax } from "../limits.ts";
import type { OnBoard } from "../ring/ring.ts";
import { readPlaces, readReceived, readSeriesRanges, takeInventory } from "./bookkeeping.ts";

const epoch = 7n as Epoch;

function onBoard(some: Partial<OnBoard>): OnBoard {
  return { epoch, class: "normal", unsettled: [], held: [], durable: 0, ...some };
}

Deno.test("an inventory lists what has no verdict, what has one, how far each class came, and shapes", () => {
  const hash = "00112233445566778899aabbccddeeff";
  const lines = [
    onBoard({ held: [{ first: 2, last: 9 }], unsettled: [{ first: 3, last: 9 }], durable: 9 }),
    onBoard({ class: "critical", held: [{ first: 1, last: 4 }], durable: 4 }),
  ];
  const { listed, message } = takeInventory(lines, [hash]);
  deepEqual(listed, [{ epoch, class: "normal", ranges: [{ first: 3, last: 9 }] }]);
  const read = decodeMessage("inventory", messageBytes("inventory", message));
  deepEqual(readSeriesRanges(read.onBoard), listed);
  deepEqual(readSeriesRanges(read.durable).map((one) => [one.class, one.ranges[0].last]), [["normal", 9], [
    "critical",
    4,
  ]]);
  deepEqual(readSeriesRanges(read.settled), [
    { epoch, class: "critical", ranges: [{ first: 1, last: 4 }] },
    { epoch, class: "normal", ranges: [{ first: 2, last: 2 }] },
  ]);
  equal(read.shapes[0].toHex(), hash);
});

Deno.test("the largest inventory fits into a frame: the oldest epochs without a verdict, the newest with one", () => {
  const ranges = (count: number, from: number) =>
    Array.from({ length: count }, (_, i) => ({ first: from + 2 * i, last: from + 2 * i }));
  const unsettled = ranges(1000, 2 ** 52);
  const lines = Array.from({ length: 500 }, (_, i) =>
    classes.map((name) =>
      onBoard({
        epoch: BigInt(i + 1) as Epoch,
        class: name,
        unsettled,
        held: [...ranges(1, 2 ** 50), ...unsettled],
        durable: 2 ** 53 - 1,
      })
    )).flat();
  const { listed, message } = takeInventory(lines, Array.from({ length: inventoryShapesMax }, () => "ff".repeat(16)));
  equal(listed.reduce((sum, one) => sum + one.ranges.length, 0), inventoryRangesMax);
  equal(message.durable?.length, inventoryEpochsMax * classes.length);
  equal(message.settled?.length, inventorySettledRangesMax);
  equal(message.settled?.[0].epoch, 500n);
  equal(listed[0].epoch, 1n);
  equal(encodeMessage("inventory", message).byteLength <= linkFrameBytesMax, true);
});

Deno.test("overlapping ranges become a set; numbers that are none are refused", () => {
  const read = (first: bigint, last: bigint, className = 2) =>
    readSeriesRanges(
      decodeMessage(
        "lost",
        messageBytes("lost", {
          ranges: [{ epoch, class: className, ranges: [{ first, last }, { first: 5n, last: 8n }] }],
        }),
      ).ranges,
    );
  deepEqual(read(1n, 6n), [{ epoch, class: "normal", ranges: [{ first: 1, last: 8 }] }]);
  throws(() => read(0n, 6n), { code: "bad_message" });
  throws(() => read(6n, 5n), { code: "bad_message" });
  throws(() => read(1n, 1n << 60n), { code: "bad_message" });
  throws(() => read(1n, 1n, 4), { code: "bad_message" });
});

Deno.test("received names batches of telemetry lanes only", () => {
  const read = (lane: number) => {
    const batch = { epoch, class: 2, first: 1n, last: 2n, lane, place: 9n };
    return readReceived(decodeMessage("received", messageBytes("received", { batches: [batch] })));
  };
  deepEqual(read(3), [{ epoch, class: "normal", first: 1, last: 2, lane: "backfill", place: 9 }]);
  throws(() => read(0), { code: "bad_message" });
});

Deno.test("no word of the owner's places is told from places that are 0", () => {
  const read = (message: { passed?: { live: bigint } }) =>
    readPlaces(decodeMessage("verdicts", messageBytes("verdicts", message)).passed);
  equal(read({}), undefined);
  deepEqual(read({ passed: { live: 3n } }), { live: 3, backfill: 0 });
});
