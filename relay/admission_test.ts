import { deepEqual, equal, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { Admission, type Admitted, type Refusal } from "./admission.ts";
import { addressBurstSeconds, addressesMax, halfOpenGraceMs, handshakesInVainBurst } from "./limits.ts";

const limits = {
  ...{ linksMax: 4, halfOpenMax: 3, halfOpenPerAddressMax: 2 },
  ...{ linksPerSecondAndAddress: 10, handshakesInVainPerSecond: 60 },
};

function ask(admission: Admission, peer: string, nowMs = 0, onDisplaced = () => {}): Admitted | Refusal {
  return admission.admit({ peer, onDisplaced }, nowMs);
}

function admit(admission: Admission, peer: string, nowMs = 0, onDisplaced = () => {}): Admitted {
  const admitted = ask(admission, peer, nowMs, onDisplaced);
  if (typeof admitted === "string") throw new Error(`turned away: ${admitted}`);
  return admitted;
}

Deno.test("half-open links are bounded per address and in all, until they log in or leave", () => {
  const admission = new Admission(limits, 0);
  const first = admit(admission, "10.0.0.1:1");
  admit(admission, "10.0.0.1:2");
  equal(ask(admission, "10.0.0.1:3", 0), "half_open_per_address");
  admit(admission, "10.0.0.2:1");
  equal(ask(admission, "10.0.0.2:2", 0), "half_open");
  first.loggedIn();
  admit(admission, "10.0.0.1:4");
  deepEqual([admission.links, admission.halfOpen], [4, 3]);
});

Deno.test("all links together are bounded, logged in or not, and each leaves once", () => {
  const admission = new Admission(limits, 0);
  const open = ["1", "2", "3", "4"].map((host) => {
    const admitted = admit(admission, `10.0.0.${host}:1`);
    admitted.loggedIn();
    return admitted;
  });
  equal(ask(admission, "10.0.0.9:1", 0), "links");
  equal(admission.mayShakeHands(0), false);
  open[0].left();
  open[0].left();
  open[0].loggedIn();
  deepEqual([admission.links, admission.halfOpen], [3, 0]);
  equal(admission.mayShakeHands(0), true);
  notEqual(ask(admission, "10.0.0.9:1", 0), "links");
});

Deno.test("a crowded door: who is alone gets the place of the oldest of the largest crowd, and no crowd grows by it", () => {
  const admission = new Admission({ ...limits, linksMax: 100, halfOpenMax: 4, halfOpenPerAddressMax: 4 }, 0);
  const displaced: string[] = [];
  const from = (peer: string, nowMs = 0) => ask(admission, peer, nowMs, () => displaced.push(peer));
  for (const port of [1, 2, 3]) from(`10.0.0.1:${port}`);
  from("10.0.0.2:1");
  equal(from("10.0.0.1:4"), "half_open");
  equal(typeof from("10.0.0.3:1"), "object");
  deepEqual(displaced, ["10.0.0.1:1"]);
  equal(from("10.0.0.2:2"), "half_open");
  equal(typeof from("10.0.0.4:1"), "object");
  deepEqual(displaced, ["10.0.0.1:1", "10.0.0.1:2"]);
  equal(admission.halfOpen, 4);
});

Deno.test("a crowded door where all are alone: the oldest goes, once it had the time for a login", () => {
  const admission = new Admission({ ...limits, linksMax: 100 }, 0);
  const displaced: number[] = [];
  const open = [1, 2, 3].map((host) => admit(admission, `10.0.0.${host}:1`, host, () => displaced.push(host)));
  equal(ask(admission, "10.0.0.4:1", halfOpenGraceMs), "half_open");
  equal(typeof ask(admission, "10.0.0.4:1", halfOpenGraceMs + 1), "object");
  deepEqual(displaced, [1]);
  // Who has logged in or left is not displaced, nor twice.
  open[1].loggedIn();
  open[0].left();
  admit(admission, "10.0.0.5:1", halfOpenGraceMs + 2);
  admit(admission, "10.0.0.6:1", halfOpenGraceMs + 3);
  deepEqual(displaced, [1, 3]);
});

Deno.test("a vehicle with an address of its own always gets in, however many strangers there are", () => {
  const addresses = fc.array(fc.nat(20), { minLength: 300, maxLength: 300 });
  fc.assert(fc.property(addresses, (hosts) => {
    const admission = new Admission({ ...limits, linksMax: 1e6, halfOpenMax: 64, halfOpenPerAddressMax: 64 }, 0);
    for (const [port, host] of hosts.entries()) ask(admission, `10.0.0.${host}:${port}`);
    equal(typeof ask(admission, "10.9.9.9:1"), "object");
  }));
});

Deno.test("handshakes have a rate, and those that led to a login do not count", () => {
  const admission = new Admission({ ...limits, linksMax: 1e6, halfOpenMax: 1e6, halfOpenPerAddressMax: 1e6 }, 0);
  const begun = (nowMs: number) => {
    let count = 0;
    while (admission.mayShakeHands(nowMs)) count++;
    return count;
  };
  deepEqual([begun(0), begun(1000)], [handshakesInVainBurst, limits.handshakesInVainPerSecond]);
  const [vehicle, stranger] = [1, 2].map((host) => admit(admission, `10.0.0.${host}:1`, 1000));
  stranger.left();
  equal(begun(1000), 0);
  vehicle.loggedIn();
  vehicle.loggedIn();
  vehicle.left();
  equal(begun(1000), 1);
});

Deno.test("an address may burst and then gets its rate back with time", () => {
  const admission = new Admission({ ...limits, linksMax: 1e6, halfOpenMax: 1e6, halfOpenPerAddressMax: 1e6 }, 0);
  const burst = limits.linksPerSecondAndAddress * addressBurstSeconds;
  for (let i = 0; i < burst; i++) admit(admission, `10.0.0.1:${i + 1}`);
  equal(ask(admission, "10.0.0.1:1", 0), "rate_per_address");
  admit(admission, "10.0.0.2:1");
  admit(admission, "10.0.0.1:1", 100);
  equal(ask(admission, "10.0.0.1:1", 100), "rate_per_address");
});

Deno.test("the memory for addresses is bounded whatever comes", () => {
  const admission = new Admission({ ...limits, linksMax: 1e9, halfOpenMax: 1e9 }, 0);
  for (let i = 0; i < addressesMax + 100; i++) admit(admission, `10.${i >> 16}.${i >> 8 & 255}.${i & 255}:1`).left();
  equal(admission.addresses, addressesMax);
});

Deno.test("counts never pass their bounds and return to zero, whatever the order of events", () => {
  const event = fc.record({ host: fc.nat(3), act: fc.constantFrom("admit", "loggedIn", "left"), which: fc.nat(20) });
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const admission = new Admission(limits, 0);
    const open: Admitted[] = [];
    for (const [i, { host, act, which }] of events.entries()) {
      const admitted = act === "admit" ? ask(admission, `10.0.0.${host}:1`, i * 1000) : undefined;
      if (typeof admitted === "object") open.push(admitted);
      if (act !== "admit" && open.length > 0) open[which % open.length][act as "loggedIn" | "left"]();
      equal(admission.links <= limits.linksMax && admission.halfOpen <= limits.halfOpenMax, true);
      equal(admission.halfOpen >= 0 && admission.links >= admission.halfOpen, true);
    }
    for (const admitted of open) admitted.left();
    deepEqual([admission.links, admission.halfOpen], [0, 0]);
  }));
});
