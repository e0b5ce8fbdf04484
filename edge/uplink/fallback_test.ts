import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { Dialer, Link, Transport } from "#proto/ports.ts";
import { type Fleet, makeFleet, normal, sorted, take, unsettledRecords, upTo } from "../testing/scripted_relay.ts";
import { raceStaggerMs, returnDelayMs } from "../limits.ts";
import { racingDialer } from "./racing_dialer.ts";
import { Uplink } from "./uplink.ts";

/** A network in which UDP may be dropped, which nobody is told of. */
interface Udp {
  isDropped: boolean;
}

/** A link of a fleet's network that says what it runs on. */
function named(link: Link, transport: Transport): Link {
  return {
    ...{ transport, peer: link.peer, ended: link.ended },
    write: (lane, bytes) => link.write(lane, bytes),
    read: (lane, into) => link.read(lane, into),
    close: (end) => link.close(end),
  };
}

/** The same, which goes silent while UDP is dropped. */
function overUdp(link: Link, udp: Udp): Link {
  return {
    ...named(link, "quic"),
    write: (lane, bytes) => udp.isDropped ? Promise.resolve() : link.write(lane, bytes),
    read: async (lane, into) => {
      const read = await link.read(lane, into);
      if (!udp.isDropped) return read;
      await link.ended;
      return undefined;
    },
  };
}

function twoWays({ network, clock }: Fleet, udp: Udp): Dialer {
  const quic: Dialer = {
    dial: async (target, signal) => {
      if (!udp.isDropped) return overUdp(await network.dialer().dial(target, signal), udp);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      return await promise;
    },
  };
  const tcp: Dialer = { dial: async (target, signal) => named(await network.dialer().dial(target, signal), "tcp") };
  return racingDialer({ dialers: { quic, tcp }, clock, network: () => "home" });
}

async function fleetOverTwoWays(udp: Udp) {
  const fleet = await makeFleet();
  const relay = fleet.relay("relay-1.test");
  const dialer = twoWays(fleet, udp);
  const agent = await fleet.agent({
    openUplink: (needs) => Promise.resolve(new Uplink({ ...needs, targets: fleet.targets(), dialer })),
  });
  return { fleet, relay, agent };
}

Deno.test("a vehicle whose network drops UDP links over TCP, and over QUIC when it can", async () => {
  const udp = { isDropped: true };
  const { fleet, relay, agent } = await fleetOverTwoWays(udp);
  await fleet.clock.advance(raceStaggerMs + 1_000);
  equal(agent.status().link.transport, "tcp");
  await take({ fleet, agent }, 10);
  await fleet.clock.advance(returnDelayMs * 2);
  equal(agent.status().link.transport, "tcp", "a try in vain leaves the link alone");
  equal(relay.logins, 1);
  udp.isDropped = false;
  for (let i = 0; i < 200; i++) {
    await take({ fleet, agent }, 1);
    await fleet.clock.advance(1_000);
    equal(agent.status().link.state, "linked");
  }
  equal(agent.status().link.transport, "quic");
  equal(relay.logins, 2);
  deepEqual(sorted(relay.seqs(normal)), upTo(210), "nothing lost, and nothing sent twice");
  await fleet.clock.run(agent.stop());
});

Deno.test("when UDP is dropped in the middle the link moves to TCP in 3 s and loses nothing", async () => {
  const udp = { isDropped: false };
  const { fleet, relay, agent } = await fleetOverTwoWays(udp);
  await fleet.clock.advance(1_000);
  equal(agent.status().link.transport, "quic");
  for (let i = 0; i < 200; i++) {
    if (i === 100) udp.isDropped = true;
    await take({ fleet, agent }, 1);
    await fleet.clock.advance(50);
  }
  equal(agent.status().link.transport, "tcp");
  await fleet.clock.advance(5_000);
  const times = relay.batches.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  const gapMs = Math.max(...times.slice(1).map((atMs, i) => atMs - times[i]));
  ok(gapMs < 3_000, `nothing came for ${gapMs} ms`);
  deepEqual([...new Set(sorted(relay.seqs(normal)))], upTo(200));
  equal(unsettledRecords(agent), 0);
  await fleet.clock.run(agent.stop());
});

Deno.test("where nothing gets through a silent link is kept to its end", async () => {
  const udp = { isDropped: false };
  const { fleet, agent, relay } = await fleetOverTwoWays(udp);
  await fleet.clock.advance(1_000);
  fleet.network.reachable = false;
  udp.isDropped = true;
  await take({ fleet, agent }, 1);
  await fleet.clock.advance(13_000);
  equal(agent.status().link.state, "linked");
  await fleet.clock.advance(10_000);
  equal(agent.status().link.reason, "link_dead");
  fleet.network.reachable = true;
  await fleet.clock.advance(60_000);
  equal(agent.status().link.transport, "tcp");
  deepEqual(relay.seqs(normal), [1]);
  await fleet.clock.run(agent.stop());
});

Deno.test("who wins too late is closed, and a race that nobody wins says what each met", async () => {
  const { clock } = await makeFleet();
  const closed: Transport[] = [];
  const dialerOf = (transport: Transport, afterMs: number): Dialer => ({
    dial: async () => {
      await clock.after(afterMs);
      const link: Partial<Link> = { transport, close: () => closed.push(transport) };
      return link as Link;
    },
  });
  const target = { host: "h", port: 443, node: "n", trust: [] };
  const never = new AbortController().signal;
  const racing = (quic: Dialer, tcp: Dialer) => racingDialer({ dialers: { quic, tcp }, clock, network: () => "home" });
  const race = (quic: Dialer, tcp: Dialer) => racing(quic, tcp).dial(target, never);
  const winner = await clock.run(race(dialerOf("quic", raceStaggerMs + 100), dialerOf("tcp", 200)));
  equal(winner.transport, "quic");
  await clock.advance(1_000);
  deepEqual(closed, ["tcp"]);
  const failing = (words: string): Dialer => ({ dial: () => Promise.reject(new Error(words)) });
  await rejects(clock.run(race(failing("no way"), failing("nor here"))), /no way; nor here/);
  const lost = new AbortController();
  const dialling = racing(dialerOf("quic", 500), dialerOf("tcp", 500)).dial(target, lost.signal);
  lost.abort("enough");
  await rejects(clock.run(dialling), { code: "link_dead" });
  await clock.advance(1_000);
  deepEqual(closed, ["tcp", "quic"]);
});
