import { deepEqual, equal, ok } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Code } from "#proto/errors.ts";
import { encodeFrame, frameKinds } from "#proto/frame.ts";
import { VerdictNoticeSchema } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseEpoch } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { encodeMessage } from "#proto/link_message.ts";
import { loginTimeoutMs } from "#proto/limits.ts";
import { encodeShape } from "#proto/shape.ts";
import { signerOf } from "#proto/signature.ts";
import { type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import { VehicleLogin, type VehicleLoginOptions } from "#proto/vehicle_login.ts";
import {
  controlBacklogBytesMax,
  halfOpenGraceMs,
  loginsBurst,
  loginsOfVehicleBurst,
  reclaimIntervalMs,
  reclaimLinksMin,
  refusalsMax,
} from "./limits.ts";
import { type House, makeHouse } from "./testing/house.ts";
import { testBatch, testShape, type TestVehicle, type TestVehicleOptions } from "./testing/vehicle.ts";

/** Dials and expects a refusal, told to the vehicle, counted, and published under the claimed id. */
async function expectRefusal(
  house: House,
  wanted: { code: Code; leaf: Leaf; claimed: string; options?: Partial<TestVehicleOptions> },
): Promise<void> {
  const countOf = () => house.relay.facts().refused.get(wanted.code) ?? 0;
  const before = countOf();
  const { outcome, end } = await house.dial(wanted.leaf, wanted.options);
  ok(outcome?.kind === "refused", `outcome ${outcome?.kind}, wanted ${wanted.code}`);
  deepEqual([outcome.code, outcome.by, end?.reason], [wanted.code, "relay", wanted.code]);
  equal(countOf(), before + 1);
  const refused = house.presence().findLast((event) => event.case === "refused")?.value;
  deepEqual([refused?.code, refused?.claimedVehicleId], [wanted.code, wanted.claimed]);
  deepEqual([house.relay.facts().sessions, house.relay.facts().links], [0, 0]);
}

Deno.test("strangers are refused with a code, whatever they lack", async () => {
  const house = await makeHouse();
  const nowMs = Number(house.clock.wallNs() / 1_000_000n);
  const hour = 3_600_000;
  const [mine, other] = [await house.issue("drone-001"), await house.issue("drone-002")];
  const foreign = await makeAuthority("foreign", { notBeforeMs: nowMs - hour, notAfterMs: nowMs + hour });
  const foreignLeaf = await foreign.issueVehicle("drone-001", { notBeforeMs: nowMs - hour, notAfterMs: nowMs + hour });
  const relayLeaf = await house.authority.issueRelay("drone-001", {
    notBeforeMs: nowMs - hour,
    notAfterMs: nowMs + hour,
  });
  const cases: { code: Code; leaf: Leaf; claimed: string; options?: Partial<TestVehicleOptions> }[] = [
    { code: "unknown_issuer", leaf: foreignLeaf, claimed: "drone-001" },
    { code: "bad_certificate", leaf: relayLeaf, claimed: "drone-001" },
    {
      code: "certificate_expired",
      leaf: await house.issue("drone-003", { notAfterMs: nowMs - 1000 }),
      claimed: "drone-003",
    },
    // Another vehicle's certificate with the own key.
    { code: "bad_proof", leaf: other, claimed: "drone-002", options: { login: { signer: signerOf(mine.keyPem) } } },
    { code: "wrong_node", leaf: mine, claimed: "drone-001", options: { login: { node: "relay-2.test" } } },
    { code: "bad_hello", leaf: mine, claimed: "", options: { login: { boot: new Uint8Array(3) } } },
    { code: "bad_hello", leaf: mine, claimed: "", options: { login: { chain: [] } } },
    { code: "bad_certificate", leaf: mine, claimed: "", options: { login: { chain: [new Uint8Array(100)] } } },
  ];
  for (const wanted of cases) await expectRefusal(house, wanted);
  await house.relay.drain();
});

Deno.test("a link that says nothing, or stops in the middle, is closed after the time for a login", async () => {
  const house = await makeHouse();
  const silent = await house.dialSilently();
  await house.clock.advance(loginTimeoutMs - 100);
  equal(house.relay.facts().halfOpen, 1);
  await house.clock.advance(200);
  equal((await house.clock.run(silent.ended)).reason, "login_timeout");
  deepEqual([house.relay.facts().halfOpen, house.relay.facts().refused.get("login_timeout")], [0, 1]);
  await house.relay.drain();
});

Deno.test("a door that is full closes links before a byte is read, and says so in the close", async () => {
  const house = await makeHouse({ halfOpenMax: 2 });
  const links = [await house.dialSilently(), await house.dialSilently(), await house.dialSilently()];
  equal((await house.clock.run(links[2].ended)).reason, "busy");
  deepEqual(house.relay.facts().counters.turnedAway.half_open, 1);
  for (const link of links) link.close({ code: 0, reason: "" });
  await house.clock.advance(10);
  equal(house.relay.facts().links, 0);
  await house.relay.drain();
});

Deno.test("a link that lost its place to a newcomer is closed as busy, and the newcomer logs in", async () => {
  const house = await makeHouse({ halfOpenMax: 1 });
  const silent = await house.dialSilently();
  await house.clock.advance(halfOpenGraceMs);
  equal((await house.dial(await house.issue("drone-001"))).outcome?.kind, "welcome");
  equal((await house.clock.run(silent.ended)).reason, "busy");
  const { counters, halfOpen, links, refused } = house.relay.facts();
  deepEqual([counters.turnedAway.displaced, halfOpen, links, refused.size], [1, 0, 1, 0]);
  await house.relay.drain();
});

for (const lane of ["live", "backfill", "command"] as const) {
  Deno.test(`bytes on the ${lane} lane before login end the link at once, and it is told and counted`, async () => {
    const house = await makeHouse();
    const link = await house.dialSilently();
    await link.write(lane, new Uint8Array(100));
    equal((await house.clock.run(link.ended)).reason, "unexpected_frame");
    equal(house.relay.facts().refused.get("unexpected_frame"), 1);
    // Nor while a proof is waited for.
    const other = await house.dialSilently();
    const vehicle = new VehicleLogin(loginOf(house, await house.issue("drone-001")), instantOf(house.clock));
    await other.write("control", vehicle.start());
    await house.clock.advance(10);
    equal(house.relay.facts().halfOpen, 1);
    await other.write(lane, new Uint8Array(1));
    equal((await house.clock.run(other.ended)).reason, "unexpected_frame");
    deepEqual([house.relay.facts().links, house.relay.facts().sessions], [0, 0]);
    await house.relay.drain();
  });
}

/** What a vehicle of the house logs in with. */
function loginOf({ node }: House, leaf: Leaf): VehicleLoginOptions {
  const signer = signerOf(leaf.keyPem);
  const own = { node, chain: leaf.chain, signer, nonce: new Uint8Array(32), boot: new Uint8Array(16) };
  return { ...own, epoch: parseEpoch(1n), ancestors: [], linkCounter: 1n, agentVersion: "test" };
}

Deno.test("a vehicle that loops is told when to come again, while others log in", async () => {
  const house = await makeHouse({ loginsPerMinuteAndVehicle: 30 });
  const [looping, other] = [await house.issue("drone-001"), await house.issue("drone-002")];
  const outcomes: (string | undefined)[] = [];
  for (let i = 0; i <= loginsOfVehicleBurst; i++) outcomes.push((await house.dial(looping)).outcome?.kind);
  deepEqual(outcomes, [...Array(loginsOfVehicleBurst).fill("welcome"), "refused"]);
  const { outcome } = await house.dial(looping);
  ok(outcome?.kind === "refused");
  deepEqual([outcome.code, outcome.by], ["busy", "relay"]);
  ok(outcome.retryAfterMs > 1900 && outcome.retryAfterMs <= 2000, String(outcome.retryAfterMs));
  equal((await house.dial(other)).outcome?.kind, "welcome");
  await house.clock.advance(2000);
  equal((await house.dial(looping)).outcome?.kind, "welcome");
  equal(house.relay.refusals().find(({ claimed }) => claimed === "drone-001")?.count, 2);
  await house.relay.drain();
});

Deno.test("logins above their rate wait for their turn, and are told so when it does not come in time", async () => {
  const house = await makeHouse({ loginsPerSecond: 1 });
  const leaves = await Promise.all(
    Array.from({ length: loginsBurst + 20 }, (_, at) => house.issue(`drone-${at}`)),
  );
  const vehicles: TestVehicle[] = [];
  for (const leaf of leaves) vehicles.push(await house.dial(leaf));
  const count = (kind: string) => vehicles.filter(({ outcome }) => outcome?.kind === kind).length;
  deepEqual([count("welcome"), house.relay.facts().loginsWaiting], [loginsBurst, 20]);
  await house.clock.advance(5_000);
  ok(count("welcome") >= loginsBurst + 4 && count("welcome") <= loginsBurst + 6, `${count("welcome")} welcome`);
  vehicles.at(-1)?.close();
  await house.clock.advance(loginTimeoutMs);
  equal(house.relay.facts().loginsWaiting, 0);
  equal(count("welcome") + count("refused"), leaves.length - 1);
  ok(count("refused") >= 3);
  ok(vehicles.every(({ outcome }) => outcome?.kind !== "refused" || outcome.code === "busy"));
  await house.relay.drain();
});

Deno.test("memory is taken back after many ended links, and not after few", async () => {
  const house = await makeHouse({ linksPerSecondAndAddress: 1e6 });
  const comeAndGo = async (count: number) => {
    for (let i = 0; i < count; i++) (await house.dialSilently()).close({ code: 0, reason: "" });
    await house.clock.advance(reclaimIntervalMs);
    return house.reclaimed();
  };
  deepEqual([await comeAndGo(reclaimLinksMin - 1), await comeAndGo(1), await comeAndGo(1)], [0, 1, 1]);
  equal(house.relay.facts().counters.ended, reclaimLinksMin + 1);
  await house.relay.drain();
});

Deno.test("hellos of random bytes are refused, whatever they are, and leave nothing behind", async () => {
  const house = await makeHouse();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 2000 }),
      fc.constantFrom(frameKinds.hello, frameKinds.proof),
      async (payload, kind) => {
        const link = await house.dialSilently();
        await link.write("control", encodeFrame(kind, { lane: "control", payload }));
        const end = await house.clock.run(link.ended);
        ok(
          ["bad_hello", "bad_certificate", "unexpected_frame", "wrong_node", "version_mismatch"].includes(end.reason),
          end.reason,
        );
      },
    ),
    { numRuns: 100 },
  );
  deepEqual([house.relay.facts().links, house.relay.facts().halfOpen], [0, 0]);
  await house.relay.drain();
});

Deno.test("raw garbage instead of frames never logs in, and ends the link or waits for the time to be over", async () => {
  const house = await makeHouse();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 3000 }), async (bytes) => {
      const link = await house.dialSilently();
      await link.write("control", bytes);
      ok((await house.clock.run(link.ended)).reason !== "");
    }),
    { numRuns: 100 },
  );
  deepEqual([house.relay.facts().links, house.relay.facts().sessions], [0, 0]);
  await house.relay.drain();
});

Deno.test("what is remembered of refused strangers is bounded", async () => {
  const house = await makeHouse({ linksPerSecondAndAddress: 1e6 });
  for (let i = 0; i < 50; i++) {
    const link = await house.dialSilently();
    await link.write("control", new Uint8Array(40).fill(255));
    await house.clock.run(link.ended);
  }
  ok(house.relay.refusals().length <= refusalsMax);
  equal(house.relay.refusals().length, 1);
  equal(house.relay.refusals()[0].count, 50);
  await house.relay.drain();
});

interface Misdeed {
  readonly what: string;
  readonly code: Code;
  act(vehicle: TestVehicle): void;
}

const shapeUse = (hash: Uint8Array, definition: Uint8Array) =>
  encodeMessage("shapeUse", { hash, definition }, { lane: "live" });
const onLive = (payload: Uint8Array) => encodeFrame(frameKinds.batch, { lane: "live", payload });

const misdeeds: Misdeed[] = [
  {
    what: "garbage on the live lane",
    code: "frame_too_large",
    act: (v) => v.write("live", new Uint8Array(64).fill(255)),
  },
  { what: "a batch of garbage", code: "bad_batch", act: (v) => v.write("live", onLive(new Uint8Array(200).fill(7))) },
  {
    what: "a batch that is cut short",
    code: "bad_batch",
    act: (v) => v.write("live", onLive(testBatch(v.epoch, { first: 1, last: 5 }).subarray(0, -1))),
  },
  {
    what: "a batch that is too large",
    code: "bad_batch",
    act: (v) => v.write("live", onLive(new Uint8Array(70_000))),
  },
  {
    what: "a batch on the control lane",
    code: "unexpected_frame",
    act: (v) =>
      v.write(
        "control",
        encodeFrame(frameKinds.batch, { lane: "control", payload: testBatch(v.epoch, { first: 1, last: 5 }) }),
      ),
  },
  {
    what: "a frame for another lane",
    code: "unexpected_frame",
    act: (v) => v.write("live", encodeMessage("inventory", {})),
  },
  { what: "a second Hello", code: "unexpected_frame", act: (v) => v.say("hello", {}) },
  {
    what: "anything on the command lane",
    code: "unexpected_frame",
    act: (v) => v.write("command", encodeMessage("ping", {}, { lane: "command" })),
  },
  {
    what: "an unknown shape without definition",
    code: "unknown_shape",
    act: (v) => v.write("live", shapeUse(new Uint8Array(16), new Uint8Array(0))),
  },
  {
    what: "a shape that is none",
    code: "bad_shape",
    act: (v) => v.write("live", shapeUse(new Uint8Array(16), new Uint8Array(9))),
  },
  {
    what: "a message that cannot be decoded",
    code: "bad_message",
    act: (v) =>
      v.write("control", encodeFrame(frameKinds.inventory, { lane: "control", payload: new Uint8Array(9).fill(255) })),
  },
];

Deno.test("a vehicle that breaks the protocol after login hears why and is let go", async (test) => {
  const house = await makeHouse();
  const leaf = await house.issue("drone-001");
  for (const { what, code, act } of misdeeds) {
    await test.step(what, async () => {
      const vehicle = await house.dial(leaf);
      equal(vehicle.outcome?.kind, "welcome");
      act(vehicle);
      await house.clock.advance(50);
      deepEqual(vehicle.messages("goodbye").map((goodbye) => goodbye.code), [code]);
      equal(vehicle.end?.reason, code);
      equal(house.relay.facts().sessions, 0);
    });
  }
  equal(house.backbone.published.length, 0);
  await house.relay.drain();
});

Deno.test("a definition under another shape's name does not enter the store", async () => {
  const house = await makeHouse();
  const vehicle = await house.dial(await house.issue("drone-001"));
  vehicle.write("live", shapeUse(new Uint8Array(16).fill(9), encodeShape(testShape)));
  await house.clock.advance(50);
  equal(vehicle.end?.reason, "bad_shape");
  equal(house.backbone.definitions.size, 0);
  await house.relay.drain();
});

Deno.test("a vehicle that does not read its control lane is given up before much waits for it", async () => {
  const house = await makeHouse();
  house.network.conditions.windowBytes = 1000;
  const vehicle = await house.dial(await house.issue("drone-001"));
  vehicle.stopReading();
  const ranges = Array.from(
    { length: 4000 },
    (_, i) => ({ first: BigInt(2 ** 50 + 2 * i), last: BigInt(2 ** 50 + 2 * i) }),
  );
  const entries = [{ vehicleId: "drone-001", committed: [{ epoch: 1n, class: 0, ranges }] }];
  const notice = toBinary(VerdictNoticeSchema, create(VerdictNoticeSchema, { entries }));
  for (let bytes = 0; bytes < controlBacklogBytesMax; bytes += notice.byteLength) house.backbone.ears.verdicts(notice);
  deepEqual([vehicle.end], [undefined]);
  house.backbone.ears.verdicts(notice);
  await house.clock.advance(1_000);
  equal(vehicle.end?.reason, "link_dead");
  await house.relay.drain();
});
