/** Leases and log readers on a real NATS server: what the pure half of ownership takes for granted. */
import { deepStrictEqual as equal, ok, rejects, strictEqual } from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { leaseBucket, openLeases } from "#cloud/ingest/io/lease.ts";
import { LogReader } from "#cloud/ingest/io/log_reader.ts";
import { LaneQueue } from "#cloud/ingest/lane_queue.ts";
import { groupBytesMax } from "#cloud/ingest/limits.ts";
import { systemClock } from "#proto/io/clock.ts";
import { telemetrySubject } from "#proto/subjects.ts";
import { waitFor } from "../servers/wait.ts";
import { type NatsPair, startNatsPair } from "./nats_pair.ts";
import { patience } from "./patience.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function withHub(test: (pair: NatsPair) => Promise<void>): Promise<void> {
  const pair = await startNatsPair();
  try {
    await test(pair);
  } finally {
    await pair.stop();
  }
}

Deno.test("a lease has one tenant, and a run of a name takes over what the run before it left", async () => {
  await withHub(async (pair) => {
    const connection = await pair.connectIngest();
    const open = (instance: string, run: string) => openLeases(connection, { instance, run });
    const [a, b] = [await open("a", "1"), await open("b", "1")];
    await Promise.all([a.announce(), b.announce()]);
    // At the same time: one gets it.
    const won = await Promise.all([a.claim(7), b.claim(7)]);
    equal(won.toSorted(), [false, true]);
    const [winner, loser] = won[0] ? [a, b] : [b, a];
    const [winnerName, loserName] = won[0] ? ["a", "b"] : ["b", "a"];
    const { members, owners } = await loser.look();
    equal([members.toSorted(), owners], [["a", "b"], new Map([[7, winnerName]])]);
    equal([await winner.renew(), await loser.renew()], [[], []]);
    strictEqual(await loser.claim(7), false);
    await winner.release(7);
    strictEqual(await loser.claim(7), true);
    // What is not its any more it cannot release.
    await winner.release(7);
    equal((await a.look()).owners, new Map([[7, loserName]]));

    const again = await open(loserName, "2");
    await again.announce();
    strictEqual(await again.claim(7), true);
    equal(await loser.renew(), [7]);
    await rejects(loser.announce(), { code: "unavailable" });
    await again.announce();
    await again.leave();
    equal((await a.look()).members, [winnerName]);
    await connection.close();
  });
});

Deno.test("a lease whose renewal was made, but not answered, is kept", async () => {
  await withHub(async (pair) => {
    const connection = await pair.connectIngest();
    const board = await openLeases(connection, { instance: "a", run: "1" });
    await board.announce();
    equal([await board.claim(7), await board.claim(8)], [true, true]);
    const bucket = await new Kvm(connection).open(leaseBucket, { allow_direct: false });
    // What a renewal leaves behind.
    await bucket.put("p7", "a");
    equal([await board.renew(), await board.renew()], [[], []]);
    await bucket.put("p8", "b");
    equal(await board.renew(), [8]);
    await connection.close();
  });
});

Deno.test("a reader tells where its lanes end, and reads no longer what was dropped", async () => {
  await withHub(async (pair) => {
    const connection = await pair.connectIngest();
    const js = jetstream(connection);
    const publisher = await pair.connectAdmin();
    const publish = async (partition: number) => {
      const { seq } = await jetstream(publisher).publish(telemetrySubject("live", partition), Uint8Array.of(1));
      return seq;
    };
    for (const partition of [1, 2, 3, 1]) await publish(partition);
    const queue = new LaneQueue();
    const ends: unknown[] = [];
    const reader = new LogReader({ tenure: 5, partitions: [1, 2], from: { live: 1, backfill: 0 } }, {
      js: { live: js, backfill: js },
      queue,
      clock: systemClock(),
      log,
      onMessage: () => {},
      onLaneEnd: (tenure, { lane, sequence }) => ends.push(`${tenure} ${lane} ${sequence}`),
      whenNotFull: () => Promise.resolve(),
    });
    const read: string[] = [];
    const untilRead = async (count: number) => {
      await waitFor(`${count} messages`, () => {
        read.push(
          ...queue.takeGroup(groupBytesMax).map(({ tenure, place }) =>
            `${tenure} ${place.partition} ${place.sequence}`
          ),
        );
        return Promise.resolve(read.length >= count || undefined);
      }, patience);
      return read.splice(0);
    };
    equal(await untilRead(2), ["5 2 2", "5 1 4"]);
    await waitFor("both ends", () => Promise.resolve(ends.length === 2 || undefined), patience);
    equal(ends.toSorted(), ["5 backfill 0", "5 live 4"]);
    reader.drop([2, 3]);
    await publish(2);
    equal(await publish(1), 6);
    equal(await untilRead(1), ["5 1 6"]);
    reader.drop([1]);
    await reader.ended;
    ok(queue.isEmpty());
    await connection.close();
    await publisher.close();
  });
});
