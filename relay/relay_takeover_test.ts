import { deepEqual, equal, ok } from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SessionProofSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { readX509 } from "#proto/base/x509.ts";
import { parseEpoch } from "#proto/ids.ts";
import { type Leaf, makeAuthority } from "#proto/testing/certificates.ts";
import type { VehicleLoginOptions } from "#proto/vehicle_login.ts";
import { duplicateAnswerMs, proofBytesMax, proofRate } from "./limits.ts";
import { revocationOff } from "./revocation.ts";
import { type House, makeHouse } from "./testing/house.ts";
import type { TestVehicle } from "./testing/vehicle.ts";

type Login = Partial<VehicleLoginOptions>;

const boot = (number: number) => new Uint8Array(16).fill(number);
/** The login that is here when the others come. */
const first: Login = { boot: boot(1), linkCounter: 5n, epoch: parseEpoch(50n), ancestors: [parseEpoch(40n)] };
const unrelated: Login = { boot: boot(9), linkCounter: 1n, epoch: parseEpoch(99n), ancestors: [] };

/** A vehicle that is logged in at one node, while another node of the same fleet takes logins too. */
async function makeFleet() {
  const here = await makeHouse();
  const elsewhere = await makeHouse({}, { authority: here.authority, node: "relay-2.test", seed: 8 });
  const leaf = await here.issue("drone-001");
  const vehicle = await here.dial(leaf, { login: first });
  equal(vehicle.outcome?.kind, "welcome");
  /** The proof of a login at the other node. */
  const proofOf = async (login: Login, of: Leaf = leaf): Promise<Uint8Array> => {
    const known = elsewhere.backbone.kept.length;
    const other = await elsewhere.dial(of, { login });
    equal(other.outcome?.kind, "welcome");
    other.close();
    await elsewhere.clock.advance(10);
    return elsewhere.backbone.kept[known].bytes;
  };
  const hear = async (proof: Uint8Array, waitMs = 10) => {
    here.backbone.ears.login("drone-001", proof);
    await here.clock.advance(waitMs);
  };
  const stop = async () => {
    await here.relay.drain();
    await elsewhere.relay.drain();
  };
  return { here, elsewhere, leaf, vehicle, proofOf, hear, stop };
}

const isHere = ({ end }: TestVehicle): boolean => end === undefined;
const duplicates = (house: House) =>
  house.presence().flatMap(({ case: kind, value }) => kind === "duplicate" ? value : []);

for (
  const [how, login] of [
    ["with a higher counter of the same start", { ...first, linkCounter: 6n }],
    ["whose epoch goes on from the one here", { ...unrelated, ancestors: [parseEpoch(60n), parseEpoch(50n)] }],
  ] as const
) {
  Deno.test(`a login elsewhere ${how} ends the session here at once, with a word`, async () => {
    const { here, vehicle, proofOf, hear, stop } = await makeFleet();
    await hear(await proofOf(login));
    const [{ code, detail }] = vehicle.messages("goodbye");
    deepEqual([code, vehicle.end?.reason], ["superseded", "superseded"]);
    ok(detail.includes('node "relay-2.test"'), detail);
    const { counters, sessions } = here.relay.facts();
    deepEqual([counters.superseded, counters.duplicates, sessions], [1, 0, 0]);
    await stop();
  });
}

Deno.test("logins that were before, and the very one that is here, change nothing however often they are said", async () => {
  const { here, vehicle, proofOf, hear, stop } = await makeFleet();
  await hear(await proofOf({ ...first, linkCounter: 4n }));
  await hear(await proofOf({ boot: boot(2), linkCounter: 1n, epoch: parseEpoch(40n), ancestors: [] }));
  const [own] = here.backbone.kept;
  await hear(own.bytes);
  // The same login under another session's number, as a relay that lies would say it.
  await hear(toBinary(SessionProofSchema, { ...fromBinary(SessionProofSchema, own.bytes), session: boot(3) }));
  deepEqual([isHere(vehicle), here.relay.facts().counters.superseded], [true, 0]);
  await stop();
});

Deno.test("an unrelated login elsewhere while the link here lives is a duplicate identity: told, and the later one stays", async () => {
  const { here, elsewhere, vehicle, proofOf, hear, stop } = await makeFleet();
  await elsewhere.clock.advance(1_000);
  const proof = await proofOf(unrelated);
  await hear(proof);
  deepEqual([isHere(vehicle), duplicates(here).length], [true, 0]);
  await here.clock.advance(duplicateAnswerMs);
  const [told] = duplicates(here);
  deepEqual([told.vehicleId, told.otherSession], ["drone-001", fromBinary(SessionProofSchema, proof).session]);
  deepEqual([vehicle.end?.reason, here.relay.facts().counters.duplicates], ["superseded", 1]);
  await stop();
});

Deno.test("a restored disk is no duplicate: the link that it had before its end does not answer", async () => {
  const { here, elsewhere, vehicle, proofOf, hear, stop } = await makeFleet();
  vehicle.answersPings = false;
  await elsewhere.clock.advance(1_000);
  await hear(await proofOf(unrelated), duplicateAnswerMs + 10);
  deepEqual([vehicle.end?.reason, duplicates(here).length], ["superseded", 0]);
  await stop();
});

Deno.test("an unrelated login from before the one here is an old proof said again, and changes nothing", async () => {
  const { here, leaf, proofOf, hear, stop } = await makeFleet();
  const old = await proofOf(unrelated);
  await here.clock.advance(60_000);
  const vehicle = await here.dial(leaf, { login: { ...first, linkCounter: 6n } });
  await hear(old, duplicateAnswerMs + 10);
  deepEqual([isHere(vehicle), here.relay.facts().counters.superseded], [true, 1]);
  await stop();
});

Deno.test("two on one node that are unrelated and both alive are a duplicate identity too", async () => {
  const { here, leaf, vehicle, stop } = await makeFleet();
  const clone = await here.dial(leaf, { login: unrelated });
  await here.clock.advance(duplicateAnswerMs + 10);
  deepEqual([vehicle.end?.reason, isHere(clone), duplicates(here).length], ["superseded", true, 1]);
  await stop();
});

Deno.test("proofs that do not hold change nothing and are counted", async () => {
  const { here, elsewhere, vehicle, proofOf, hear, stop } = await makeFleet();
  const newer = { ...first, linkCounter: 6n };
  const good = fromBinary(SessionProofSchema, await proofOf(newer));
  const nowMs = Number(here.clock.wallNs() / 1_000_000n);
  const validity = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 };
  const foreign = await makeAuthority("foreign", validity);
  const foreignHouse = await makeHouse({}, { authority: foreign, node: "relay-2.test", seed: 9 });
  await foreignHouse.dial(await foreign.issueVehicle("drone-001", validity), { login: newer });
  const flipped = (bytes: Uint8Array) => bytes.with(bytes.length - 1, bytes[bytes.length - 1] ^ 1);
  const proof = good.proof!;
  const bad: Uint8Array[] = [
    Uint8Array.of(255, 255),
    toBinary(SessionProofSchema, { ...good, hello: flipped(good.hello) }),
    toBinary(SessionProofSchema, { ...good, challenge: flipped(good.challenge) }),
    toBinary(SessionProofSchema, { ...good, proof: { ...proof, signature: flipped(proof.signature) } }),
    toBinary(SessionProofSchema, { ...good, proof: { ...proof, fields: Uint8Array.of(16, 99) } }),
    toBinary(SessionProofSchema, { ...good, proof: undefined }),
    toBinary(SessionProofSchema, { ...good, alpn: "other/1" }),
    toBinary(SessionProofSchema, { ...good, nodeSignature: flipped(good.nodeSignature) }),
    toBinary(SessionProofSchema, create(SessionProofSchema, { session: boot(1) })),
    // Of another vehicle, under this one's name.
    await proofOf(newer, await elsewhere.issue("drone-002")),
    foreignHouse.backbone.kept[0].bytes,
  ];
  for (const bytes of bad) await hear(bytes);
  await hear(new Uint8Array(proofBytesMax + 1));
  const { counters } = here.relay.facts();
  deepEqual([isHere(vehicle), counters.proofsRefused, counters.proofsIgnored], [true, bad.length, 1]);
  await foreignHouse.relay.drain();
  await stop();
});

Deno.test("the proof of a certificate that is revoked changes nothing", async () => {
  const here = await makeHouse({}, {
    revocation: () => ({
      ...revocationOff,
      reasonAgainstSession: ({ serial }) =>
        serial === revokedSerial ? { code: "certificate_revoked", detail: "revoked" } : undefined,
    }),
  });
  let revokedSerial = "";
  const elsewhere = await makeHouse({}, { authority: here.authority, node: "relay-2.test", seed: 8 });
  const vehicle = await here.dial(await here.issue("drone-001"), { login: first });
  const stolen = await here.issue("drone-001");
  await elsewhere.dial(stolen, { login: { ...first, linkCounter: 6n } });
  const [said] = elsewhere.backbone.kept;
  revokedSerial = readX509(stolen.chain[0]).serial;
  here.backbone.ears.login("drone-001", said.bytes);
  await here.clock.advance(10);
  deepEqual([isHere(vehicle), here.relay.facts().counters.proofsRefused], [true, 1]);
  await here.relay.drain();
  await elsewhere.relay.drain();
});

Deno.test("a flood of proofs costs no more than its rate, and those of vehicles elsewhere next to nothing", async () => {
  const { here, proofOf, hear, stop } = await makeFleet();
  const older = await proofOf({ ...first, linkCounter: 4n });
  for (let i = 0; i < proofRate.burst + 20; i++) here.backbone.ears.login("drone-001", older);
  equal(here.relay.facts().counters.proofsIgnored, 20);
  for (const name of ["drone-777", "", "..", ">"]) here.backbone.ears.login(name, older);
  await here.clock.advance(1_000);
  await hear(older);
  deepEqual([here.relay.facts().counters.proofsIgnored, here.relay.facts().sessions], [20, 1]);
  await stop();
});
