import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import type { Checkpoint } from "../lib/store/checkpoint.ts";
import { replayWindowMs } from "./limits.ts";
import type { LogMessage, Place } from "./log_message.ts";
import type { LogExtent } from "./places.ts";
import { Tenures } from "./tenures.ts";

const log: LogExtent = { id: "log", first: 1, last: 500 };
const beganNs = 77n;
const windowNs = BigInt(replayWindowMs) * 1_000_000n;
/** Committed to 40 in good time, to 100 within the last ten minutes. */
const checkpoint: Checkpoint = {
  partition: 3,
  log: "log",
  life: "first",
  places: [
    { atNs: 0n, live: 40, backfill: 4 },
    { atNs: windowNs, live: 100, backfill: 10 },
  ],
};

function message(tenure: number, place: Partial<Place>): LogMessage {
  return {
    tenure,
    place: { lane: "live", partition: 3, sequence: 1, ...place },
    placedAtNs: 0n,
    bytes: new Uint8Array(0),
  };
}

const at = (life: string) => ({ atNs: 2n * windowNs, life });

Deno.test("within one life of the store it goes on where it was, in another it writes ten minutes again", () => {
  const same = new Tenures().take(new Map([[3, checkpoint]]), { life: "first", beganNs, log });
  equal([same.from, same.isReplay], [{ live: 100, backfill: 10 }, false]);
  const tenures = new Tenures();
  const { tenure, from, isReplay } = tenures.take(new Map([[3, checkpoint]]), { life: "second", beganNs, log });
  equal([from, isReplay], [{ live: 40, backfill: 4 }, true]);
  strictEqual(tenures.isWanted(message(tenure, { sequence: 40 })), false);
  strictEqual(tenures.isWanted(message(tenure, { sequence: 41 })), true);
  strictEqual(tenures.isReplayed({ lane: "live", partition: 3, sequence: 100 }), true);
  strictEqual(tenures.isReplayed({ lane: "live", partition: 3, sequence: 101 }), false);
});

Deno.test("no place is written down before a replay is over, for its successor must begin it anew", () => {
  const tenures = new Tenures();
  const { tenure } = tenures.take(new Map([[3, checkpoint]]), { life: "second", beganNs, log });
  tenures.reach([message(tenure, { sequence: 99 }), message(tenure, { lane: "backfill", sequence: 9 })]);
  equal(tenures.due(at("second"), []), []);
  // The lanes end before the last places: those were reached by messages of other partitions.
  tenures.handleLaneEnd(tenure, { lane: "live", sequence: 99 });
  equal(tenures.due(at("second"), []), []);
  tenures.handleLaneEnd(tenure, { lane: "backfill", sequence: 9 });
  const [due] = tenures.due(at("second"), []);
  equal([due.life, due.places.at(-1)], ["second", { atNs: 2n * windowNs, live: 100, backfill: 10 }]);
});

Deno.test("a lane is not over while what was read of it is not committed", () => {
  const tenures = new Tenures();
  const { tenure } = tenures.take(new Map([[3, checkpoint]]), { life: "second", beganNs, log });
  tenures.handleLaneEnd(tenure, { lane: "backfill", sequence: 4 });
  tenures.handleLaneEnd(tenure, { lane: "live", sequence: 90 });
  tenures.handleLaneEnd(tenure, { lane: "live", sequence: 40 });
  equal(tenures.due(at("second"), []), []);
  tenures.reach([message(tenure, { sequence: 90 })]);
  equal(tenures.due(at("second"), []).length, 1);
});

Deno.test("messages count for the take-over that they were read for, and for no partition that left", () => {
  const tenures = new Tenures();
  const first = tenures.take(new Map([[3, undefined], [4, undefined]]), { life: "first", beganNs, log });
  tenures.leave([3]);
  strictEqual(tenures.isWanted(message(first.tenure, { sequence: 5 })), false);
  const second = tenures.take(new Map([[3, checkpoint]]), { life: "first", beganNs, log });
  strictEqual(tenures.isWanted(message(first.tenure, { sequence: 150 })), false);
  strictEqual(tenures.isWanted(message(second.tenure, { sequence: 150 })), true);
  tenures.reach([message(first.tenure, { sequence: 150 })]);
  equal([tenures.passed(3, [])?.live, tenures.passed(4, [])?.live], [100, 150]);
  strictEqual(tenures.passed(5, []), undefined);
});

Deno.test("what waits holds back its own tenure and no other", () => {
  const tenures = new Tenures();
  const one = tenures.take(new Map([[3, undefined]]), { life: "first", beganNs, log });
  const two = tenures.take(new Map([[4, undefined]]), { life: "first", beganNs, log });
  tenures.reach([message(one.tenure, { sequence: 50 }), message(two.tenure, { partition: 4, sequence: 60 })]);
  const waiting: Place[] = [{ lane: "live", partition: 3, sequence: 20 }];
  equal([tenures.passed(3, waiting)?.live, tenures.passed(4, waiting)?.live], [19, 60]);
  equal(tenures.due(at("first"), waiting).map(({ places }) => places[0].live), [19, 60]);
});

Deno.test("in a new life of the store those who were there before write no place and are named", () => {
  const tenures = new Tenures();
  const { tenure } = tenures.take(new Map([[3, checkpoint]]), { life: "first", beganNs, log });
  tenures.reach([message(tenure, { sequence: 120 })]);
  equal(tenures.due(at("second"), []), []);
  equal([tenures.heldBefore("first"), tenures.heldBefore("second")], [[], [3]]);
});

Deno.test("places of a log that is gone are forgotten, and what is gone from the log is told", () => {
  const other = new Tenures().take(new Map([[3, checkpoint]]), {
    life: "first",
    beganNs,
    log: { ...log, id: "other" },
  });
  equal(other.from, { live: 0, backfill: 0 });
  const trimmed = new Tenures().take(new Map([[3, checkpoint]]), {
    life: "second",
    beganNs,
    log: { ...log, first: 111 },
  });
  equal(trimmed.missed, { replay: 60, unread: 100 });
});

Deno.test("inventories are compared when all that lay in the log at the beginning is worked through", () => {
  const tenures = new Tenures();
  const { tenure } = tenures.take(new Map([[3, undefined], [4, undefined]]), { life: "first", beganNs, log });
  tenures.handleLaneEnd(tenure, { lane: "live", sequence: 50 });
  tenures.reach([message(tenure, { sequence: 50 })]);
  equal([tenures.comparedBy(3), tenures.comparing()], [0n, []]);
  tenures.handleLaneEnd(tenure, { lane: "backfill", sequence: 0 });
  equal([tenures.comparedBy(3), tenures.comparedBy(5)], [beganNs, 0n]);
  equal(tenures.comparing(), [{ beganNs, partitions: [3, 4] }]);
});
