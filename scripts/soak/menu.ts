/** What `deno task soak` can run: faults of the world put upon real processes, for a bounded time. */
import type { Entry, Menu } from "../menu/menu.ts";

const entries: readonly Entry[] = [
  {
    name: "disk",
    what: "an agent on a disk that is full, slow and broken: answers in 100 ms, no exit, nothing durable lost (R6)",
    usage: "[--rounds N] [--seconds N]",
    file: "scripts/soak/disk/main.ts",
    args: [],
  },
  {
    name: "power",
    what: "power cuts of the disk under a process that writes: all that was acknowledged must be there (R2)",
    usage: "--target ring|nats|questdb [--cuts N] [--flaw no_sync|late_sync] [--growth] [--bare]",
    file: "scripts/soak/power/main.ts",
    args: [],
  },
  {
    name: "kill",
    what: "kill -9 of one random process after another while frames are posted (R1)",
    usage: "[--store sqlite|questdb] [--minutes N] [--frames N] [--every-ms N] [--seed N]",
    file: "scripts/soak/kill.ts",
    args: [],
  },
  {
    name: "udp",
    what: "a link over networks that lose, delay, reorder, double, are narrow, block and rebind",
    usage: "[--store sqlite|questdb] [--minutes N] [--rate N] [--every-ms N] [--seed N]",
    file: "scripts/soak/udp.ts",
    args: [],
  },
  {
    name: "cluster",
    what: "a hub of three NATS nodes, one of which after another is killed, paused or cut from the others (R9)",
    usage: "[--store sqlite|questdb] [--minutes N] [--rate N] [--every-ms N] [--fault-ms N] [--seed N]",
    file: "scripts/soak/cluster.ts",
    args: [],
  },
  {
    name: "ledger",
    what: "a recorded flight whose network is cut three times, and what the ledger says at every turn, as a table",
    usage: "[--flight FILE] [--cuts N] [--cut-seconds N] [--bytes-per-second N]",
    file: "scripts/soak/ledger.ts",
    args: [],
  },
  {
    name: "dark",
    what: "a vehicle that was dark for days comes back: the ring's size, time to drain, live delay, every row (R4)",
    usage: "[--hours N] [--signals N] [--hertz N] [--ring MEBIBYTES]",
    file: "scripts/soak/dark.ts",
    args: [],
  },
  {
    name: "attack",
    what: "a relay under anonymous QUIC peers that push data and under slow HTTP: memory and delay as curves (R15)",
    usage: "[--minutes N] [--peers N] [--http N]",
    file: "scripts/soak/attack/main.ts",
    args: [],
  },
  {
    name: "login",
    what: "attackers of every kind at the login of a relay, in memory: none gets in, good ones do, in 2 ms (R13)",
    usage: "[--tries N] [--seed N]",
    file: "scripts/soak/login/main.ts",
    args: [],
  },
  {
    name: "revoke",
    what: "vehicles that are revoked in a real step-ca while they stream: how soon they are cut (R14)",
    usage: "[--times N] [--at-once N] [--hints on|off] [--poll-seconds N]",
    file: "scripts/soak/revoke/main.ts",
    args: [],
  },
  {
    name: "commands",
    what: "commands over poor networks while relay, cloud and agent are killed: every word about them true (R10)",
    usage: "[--count N] [--rate N] [--every-ms N] [--seed N]",
    file: "scripts/soak/commands/main.ts",
    args: [],
  },
  {
    name: "stop",
    what:
      "stops over 1 Mbit/s that loses a fifth, the vehicle's backlog full: how soon it is told, and motions after it (R11)",
    usage: "[--count N] [--seed N]",
    file: "scripts/soak/stop/main.ts",
    args: [],
  },
  {
    name: "repeats",
    what: "each of many batches ten times across owners that go, one in a hundred changed: rows and quarantine (R7)",
    usage: "[--batches N]",
    file: "scripts/soak/repeats.ts",
    args: [],
  },
];

/** The menu of the rigs. */
export const soaks: Menu = {
  task: "soak",
  entries,
  note:
    "Each keeps its state in a folder of its own, prints what it did and what it found, and ends with 1 when something was lost.",
};
