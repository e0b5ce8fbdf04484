/** Bugs in ingest and in how it keeps its books. */
import { parseRelayName } from "#proto/ids.ts";
import { none } from "#proto/ranges.ts";
import type { KeptAside } from "#cloud/lib/store/quarantine_entry.ts";
import type { Store } from "#cloud/lib/store/store.ts";
import type { Plant } from "../plant.ts";

/** A store some of whose verbs do something else. */
function withStore(store: Store, other: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => Reflect.get(other, name) ?? Reflect.get(target, name).bind(target),
  });
}

const replayNs = 600_000_000_000n;

const windowByLogAge: Plant = {
  name: "a replay window measured in log age",
  what: "how far to read again is told by when messages came into the log, not by when they were committed",
  needs: { store: "lazy", faults: ["store power cut behind a backlog"], hours: 0.8, faultsPerHour: 5 },
  store: (store, { hub }) =>
    withStore(store, {
      checkpoint: async (partition) => {
        const checkpoint = await store.checkpoint(partition);
        const newest = checkpoint?.places.at(-1);
        if (checkpoint === undefined || newest === undefined) return checkpoint;
        const last = Math.max(newest.live, newest.backfill);
        const sinceNs = (hub.placedAtNs(last) ?? 0n) - replayNs;
        let sequence = last;
        while (sequence > 0 && (hub.placedAtNs(sequence) ?? 0n) > sinceNs) sequence--;
        const begin = { atNs: newest.atNs - replayNs, live: sequence, backfill: sequence };
        return { ...checkpoint, places: [begin, newest] };
      },
    }),
};

const replayWritesQuarantined: Plant = {
  name: "a replay that writes what quarantine holds",
  what: "what is read again is written without a look at what was put aside",
  needs: { store: "lazy", faults: ["table suspended", "ingest kill"] },
  store: (store) =>
    withStore(store, {
      ledger: async (vehicle) => (await store.ledger(vehicle)).map((entry) => ({ ...entry, quarantined: none })),
      quarantined: () => Promise.resolve({ entries: [], more: false }),
    }),
};

const suspendedStalls: Plant = {
  name: "one suspended table stalling a partition",
  what: "a commit waits until every table shows its rows, and all behind it wait too",
  needs: { store: "lazy", faults: ["table suspended"] },
  store: (store, { life }) =>
    withStore(store, {
      write: async (blocks, aside) => {
        let outcome = await store.write(blocks, aside);
        while (outcome.suspended.length > 0) {
          await life.after(1_000);
          outcome = await store.write(blocks, aside);
        }
        return outcome;
      },
    }),
};

const twoMinutes: Plant = {
  name: "deduplication limited to two minutes",
  what: "a repeat is known for as long as the log knows it, and lies beside the first when it comes later",
  needs: { store: "lazy", faults: ["ingest kill"] },
  recognizedMs: 120_000,
  store: (store) => withStore(store, { ledger: () => Promise.resolve([]) }),
};

const committedEarly: Plant = {
  name: "committed before it is queryable",
  what: "the verdict falls when the store has the bytes, not when a query sees the rows",
  store: (store, { life }) =>
    withStore(store, {
      write: (blocks, aside) => {
        const later = async () => {
          await life.after(300);
          await store.write(blocks, aside).catch(() => undefined);
        };
        void later();
        return Promise.resolve({ suspended: [] });
      },
    }),
};

const suspendedCommitted: Plant = {
  name: "a suspended table's rows called committed",
  what: "nobody looks whether the table shows what it took",
  needs: { store: "lazy", faults: ["table suspended"] },
  store: (store) =>
    withStore(store, {
      write: async (blocks, aside) => {
        await store.write(blocks, aside);
        return { suspended: [] };
      },
    }),
};

const quarantinedAgain: Plant = {
  name: "quarantined again with every reading",
  what: "an entry is named by when it was put aside, so the same batch gets a second one",
  needs: { store: "lazy", faults: ["poisoned frames", "ingest kill"] },
  store: (store, { life }) => {
    const now = (aside: readonly KeptAside[] = []) =>
      aside.map(({ entry, ...rest }) => ({ ...rest, entry: { ...entry, receivedAtNs: life.wallNs() } }));
    return withStore(store, {
      quarantined: () => Promise.resolve({ entries: [], more: false }),
      quarantine: (aside, ledger) => store.quarantine(now(aside), ledger),
      write: (blocks, aside) => store.write(blocks, now(aside)),
    });
  },
};

const noReplay: Plant = {
  name: "no replay behind a lazy store",
  what: "a new owner goes on at its last place although the store may have forgotten what lies before",
  needs: { store: "lazy", faults: ["store power cut"] },
  store: (store) => withStore(store, { life: () => Promise.resolve("always") }),
};

const wrongSession: Plant = {
  name: "a verdict sent to the wrong vehicle",
  what: "a notice names the vehicle that was worked last",
  needs: { vehicles: 2 },
  verdicts: (sink, { random, vehicles }) => ({
    ...sink,
    publish: (to, notice) => {
      if (random.fraction() >= 0.02) return sink.publish(to, notice);
      const entries = notice.entries.map((entry) => ({
        ...entry,
        vehicleId: vehicles.find((id) => id !== entry.vehicleId) ?? entry.vehicleId,
      }));
      sink.publish({ ...to, relay: parseRelayName(to.relay) }, { ...notice, entries });
    },
  }),
};

/** See the head of this file. */
export const storePlants: readonly Plant[] = [
  ...[windowByLogAge, replayWritesQuarantined, suspendedStalls, twoMinutes, committedEarly],
  ...[suspendedCommitted, quarantinedAgain, noReplay, wrongSession],
];
