import { deepEqual, equal, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { Admission, type Admitted } from "./admission.ts";
import { addressBurstSeconds, addressesMax } from "./limits.ts";

const limits = { linksMax: 4, halfOpenMax: 3, halfOpenPerAddressMax: 2, linksPerSecondAndAddress: 10 };

function admit(admission: Admission, peer: string, nowMs = 0): Admitted {
  const admitted = admission.admit(peer, nowMs);
  if (typeof admitted === "string") throw new Error(`turned away: ${admitted}`);
  return admitted;
}

Deno.test("half-open links are bounded per address and in all, until they log in or leave", () => {
  const admission = new Admission(limits);
  const first = admit(admission, "10.0.0.1:1");
  admit(admission, "10.0.0.1:2");
  equal(admission.admit("10.0.0.1:3", 0), "half_open_per_address");
  admit(admission, "10.0.0.2:1");
  equal(admission.admit("10.0.0.3:1", 0), "half_open");
  equal(admission.isFull, true);
  first.loggedIn();
  admit(admission, "10.0.0.1:4");
  deepEqual([admission.links, admission.halfOpen], [4, 3]);
});

Deno.test("all links together are bounded, logged in or not, and each leaves once", () => {
  const admission = new Admission(limits);
  const open = ["1", "2", "3", "4"].map((host) => {
    const admitted = admit(admission, `10.0.0.${host}:1`);
    admitted.loggedIn();
    return admitted;
  });
  equal(admission.admit("10.0.0.9:1", 0), "links");
  equal(admission.isFull, true);
  open[0].left();
  open[0].left();
  open[0].loggedIn();
  deepEqual([admission.links, admission.halfOpen], [3, 0]);
  equal(admission.isFull, false);
  notEqual(admission.admit("10.0.0.9:1", 0), "links");
});

Deno.test("an address may burst and then gets its rate back with time", () => {
  const admission = new Admission({ ...limits, linksMax: 1e6, halfOpenMax: 1e6, halfOpenPerAddressMax: 1e6 });
  const burst = limits.linksPerSecondAndAddress * addressBurstSeconds;
  for (let i = 0; i < burst; i++) admit(admission, `10.0.0.1:${i + 1}`);
  equal(admission.admit("10.0.0.1:1", 0), "rate_per_address");
  admit(admission, "10.0.0.2:1");
  admit(admission, "10.0.0.1:1", 100);
  equal(admission.admit("10.0.0.1:1", 100), "rate_per_address");
});

Deno.test("the memory for addresses is bounded whatever comes", () => {
  const admission = new Admission({ ...limits, linksMax: 1e9, halfOpenMax: 1e9 });
  for (let i = 0; i < addressesMax + 100; i++) admit(admission, `10.${i >> 16}.${i >> 8 & 255}.${i & 255}:1`).left();
  equal(admission.addresses, addressesMax);
});

Deno.test("counts never pass their bounds and return to zero, whatever the order of events", () => {
  const event = fc.record({ host: fc.nat(3), act: fc.constantFrom("admit", "loggedIn", "left"), which: fc.nat(20) });
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const admission = new Admission(limits);
    const open: Admitted[] = [];
    for (const [i, { host, act, which }] of events.entries()) {
      const admitted = act === "admit" ? admission.admit(`10.0.0.${host}:1`, i * 1000) : undefined;
      if (typeof admitted === "object") open.push(admitted);
      if (act !== "admit" && open.length > 0) open[which % open.length][act as "loggedIn" | "left"]();
      equal(admission.links <= limits.linksMax && admission.halfOpen <= limits.halfOpenMax, true);
      equal(admission.halfOpen >= 0 && admission.links >= admission.halfOpen, true);
    }
    for (const admitted of open) admitted.left();
    deepEqual([admission.links, admission.halfOpen], [0, 0]);
  }));
});
