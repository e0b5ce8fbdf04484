/** What `deno task bench` can run. */
import type { Entry, Menu } from "../menu/menu.ts";

const flights = ["px4-copter-gps", "px4-quad-imu"].map((name) => `proto/testdata/flights/${name}.ndjson.gz`);

const entries: readonly Entry[] = [
  {
    name: "codec",
    what: "CPU time and size of the batch codec on recorded flights, beside protobufjs and protobuf-es (P7)",
    usage: "[FLIGHT.ndjson.gz...] [--frames N] [--rounds N]",
    file: "proto/batch_bench.ts",
    args: flights,
  },
  {
    name: "crl",
    what: "a list of revoked certificates: time to read it and to ask it, and memory, beside a Set of texts",
    usage: "[--serials N] [--rounds N]",
    file: "proto/base/crl_bench.ts",
    args: [],
  },
  {
    name: "ring",
    what: "durable appends per CPU-second and the time of one, beside node:sqlite and bare fdatasync (P8)",
    usage: "",
    file: "edge/ring/ring_bench.ts",
    args: [],
  },
  {
    name: "relay",
    what: "frames per CPU-second of a relay shard on one long link, until all is in the log (P1, P2)",
    usage: "[MEGABYTES per round] [ROUNDS] [RECORDS per batch]",
    file: "scripts/bench/relay_link.ts",
    args: [],
  },
  {
    name: "quarantine",
    what: "rows per CPU-second of ingest over SQLite, clean and with one bad batch in ten (R19)",
    usage: "[--batches N] [--records N] [--rounds N] [--kind crc|body|shape|repeat|time]",
    file: "scripts/bench/quarantine.ts",
    args: [],
  },
  {
    name: "agent-start",
    what: "an agent alone that was killed: time from its start to its first durable answer (R1)",
    usage: "[--rounds N] [--megabytes N]",
    file: "scripts/bench/agent_start.ts",
    args: [],
  },
  {
    name: "live",
    what: "a whole system under single posts: time to the durable answer, and to the query API (P13)",
    usage: "[--store sqlite|questdb] [--rate N] [--seconds N] [--warm-up N] [--rounds N] [--sample N]",
    file: "scripts/bench/live.ts",
    args: [],
  },
  {
    name: "commands",
    what: "the round trip of a command on an idle system, beside a bare request over the same NATS servers",
    usage: "[--count N] [--rounds N]",
    file: "scripts/bench/commands.ts",
    args: [],
  },
  {
    name: "dev",
    what: "time from nothing to the first row of a simulated vehicle, and time to stop (P14)",
    usage: "[--store sqlite|questdb] [--rounds N]",
    file: "scripts/bench/dev_start.ts",
    args: [],
  },
];

/** The menu of the benches. */
export const benches: Menu = {
  task: "bench",
  entries,
  note:
    "Each prints machine, versions, rounds and spread. Figures of different runs compare only on a machine that does nothing else.",
};
