/**
 * Strangers, in a process of their own: peers over QUIC that push data, are silent, or say Hello in vain, and slow HTTP
 * connections, each again and again. Tells what became of them as one line of JSON a second on standard output.
 *
 *     deno run -A scripts/soak/attack/peers/main.ts PLAN.json
 */
import type { Lane } from "#proto/class.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { openLanes } from "#proto/io/quic_lanes.ts";
import { systemRandom } from "#proto/io/random.ts";
import { systemClock } from "#proto/io/clock.ts";
import type { Link } from "#proto/ports.ts";
import type { Leaf } from "#proto/testing/certificates.ts";
import { alpn } from "#proto/transcript.ts";
import { TestVehicle } from "#relay/testing/vehicle.ts";

/** What the process is told. */
export interface PeersPlan {
  readonly quicPort: number;
  readonly httpPort: number;
  /** The relay issuer, PEM. */
  readonly trust: string;
  /** A vehicle's certificate of an authority that the relay does not know. */
  readonly foreign: { readonly certPem: string; readonly keyPem: string; readonly chainPem: string; chain: string[] };
  readonly peers: number;
  readonly slowHttp: number;
}

/** Peers of one address of loopback; each has an endpoint of its own. */
const peersPerAddress = 20;
/** A peer that was thrown out, or did not get in, comes again after so long. */
const againMs = 1_000;
/** How much a peer that pushes writes at a time. */
const chunk = new Uint8Array(64 * 1024).fill(0x55);
const lanesOfData = ["live", "backfill", "command"] as const;

type Kind = (link: Link, counts: Counts) => Promise<void>;

/** What became of the strangers so far. */
interface Counts {
  dialled: number;
  unreached: number;
  open: number;
  pushedBytes: number;
  httpOpened: number;
  /** Ended links per reason. */
  readonly ends: Record<string, number>;
}

async function main(planFile: string): Promise<void> {
  const plan: PeersPlan = JSON.parse(await Deno.readTextFile(planFile));
  const kinds = kindsOf(plan);
  const counts: Counts = { dialled: 0, unreached: 0, open: 0, pushedBytes: 0, httpOpened: 0, ends: {} };
  for (let at = 0; at < plan.peers; at += peersPerAddress) {
    const hostname = `127.0.${1 + Math.floor(at / 4000)}.${2 + at / peersPerAddress % 200}`;
    const endpoint = new Deno.QuicEndpoint({ hostname });
    for (let one = at; one < Math.min(plan.peers, at + peersPerAddress); one++) {
      void peer(() => connect(plan, endpoint), kinds[one % kinds.length], counts);
    }
  }
  for (let at = 0; at < plan.slowHttp; at++) void slowHttp(plan.httpPort, at, counts);
  setInterval(() => console.log(JSON.stringify(counts)), 1_000);
}

/** What the peers do in turn, until their link ends. */
function kindsOf(plan: PeersPlan): readonly Kind[] {
  const foreign: Leaf = { ...plan.foreign, chain: plan.foreign.chain.map((text) => Uint8Array.fromBase64(text)) };
  const ports = { clock: systemClock(), random: systemRandom() };
  return [
    // Data on lanes that are not theirs yet.
    async (link, counts) => void await Promise.all(lanesOfData.map((lane) => push(link, lane, counts))),
    // Garbage without end where a Hello is wanted.
    (link, counts) => push(link, "control", counts),
    // A frame that claims more than may be, byte by byte.
    async (link) => {
      const frame = encodeFrame(frameKinds.hello, { lane: "control", payload: new Uint8Array(15_000) });
      for (let at = 0; at < frame.length; at++) {
        await link.write("control", frame.subarray(at, at + 1));
        await pause(500);
      }
    },
    // Nothing at all.
    async (link) => void await link.ended,
    // A Hello of a stranger.
    async (link) => {
      new TestVehicle(link, { ...ports, node: "localhost", leaf: foreign });
      await link.ended;
    },
  ];
}

async function push(link: Link, lane: Lane, counts: Counts): Promise<void> {
  let isOver = false;
  void link.ended.then(() => isOver = true);
  while (!isOver) {
    await link.write(lane, chunk);
    counts.pushedBytes += chunk.byteLength;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function peer(dial: () => Promise<Deno.QuicConn>, act: Kind, counts: Counts): Promise<never> {
  // Not all in the same moment.
  await pause(Math.random() * 2 * againMs);
  for (;;) {
    counts.dialled += 1;
    try {
      const link = await openLanes(await dial());
      counts.open += 1;
      await act(link, counts).catch(() => undefined);
      const { reason } = await link.ended;
      counts.open -= 1;
      counts.ends[reason] = (counts.ends[reason] ?? 0) + 1;
    } catch {
      counts.unreached += 1;
    }
    await pause(againMs * (0.5 + Math.random()));
  }
}

function connect(plan: PeersPlan, endpoint: Deno.QuicEndpoint): Promise<Deno.QuicConn> {
  return Deno.connectQuic<false>({
    endpoint,
    hostname: "127.0.0.1",
    port: plan.quicPort,
    serverName: "localhost",
    caCerts: [plan.trust],
    alpnProtocols: [alpn],
    maxIdleTimeout: 20_000,
    keepAliveInterval: 5_000,
  });
}

/** Heads that come a byte a second, have no end, or are none. */
async function slowHttp(port: number, at: number, counts: Counts): Promise<never> {
  for (;;) {
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      counts.httpOpened += 1;
      const byte = new TextEncoder().encode(at % 3 === 0 ? "\0" : "A");
      const piece = at % 3 === 1 ? chunk.map(() => 0x41) : byte;
      for (;;) {
        await connection.write(piece);
        await pause(1_000);
      }
    } catch {
      await pause(againMs);
    }
  }
}

await main(Deno.args[0]);
