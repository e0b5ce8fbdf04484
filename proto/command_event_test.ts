import { deepStrictEqual as equal, throws } from "node:assert/strict";
import { certificateCheck } from "./base/certificate.ts";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { believeEvent, sealEvent } from "./command_event.ts";
import { SignedEventSchema } from "./gen/systemscale/command/v1/command_pb.ts";
import { signerOf } from "./signature.ts";
import { makeAuthority } from "./testing/certificates.ts";
import { commandIdText } from "./testing/orders.ts";

const nowMs = Date.UTC(2026, 0, 1);
const validity = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 };
const authority = await makeAuthority("events", validity);
const checkChain = certificateCheck({ roots: [authority.root.certPem] });
const facts = { commandId: commandIdText, vehicleId: "drone-001", state: "executing", number: 2, data: '{"at":3}' };

async function speaker(vehicle: string) {
  const { chain, keyPem } = await authority.issueVehicle(vehicle, validity);
  return { chain, signer: signerOf(keyPem) };
}

Deno.test("a vehicle is believed about itself, while its certificate holds", async () => {
  const bytes = sealEvent(await speaker("drone-001"), facts);
  const event = believeEvent(bytes, { checkChain, nowMs });
  equal([event.commandId, event.state, event.number, event.data], [commandIdText, "executing", 2, '{"at":3}']);
  throws(() => believeEvent(bytes, { checkChain, nowMs: validity.notAfterMs + 1 }), { code: "certificate_expired" });
});

Deno.test("nobody else is, whatever he changes", async () => {
  const [drone, rover] = [await speaker("drone-001"), await speaker("rover-1")];
  const refused = { code: "bad_proof" };
  const believe = (bytes: Uint8Array) => believeEvent(bytes, { checkChain, nowMs });
  throws(() => believe(sealEvent(rover, facts)), refused);
  throws(() => believe(sealEvent({ chain: drone.chain, signer: rover.signer }, facts)), refused);
  throws(() => believe(sealEvent(drone, { ...facts, state: "sent" })), refused);
  throws(() => believe(sealEvent({ ...drone, chain: [] }, facts)), refused);
  throws(() => believe(new Uint8Array([1, 2, 3])), refused);
  const signed = fromBinary(SignedEventSchema, sealEvent(drone, facts));
  const other = fromBinary(SignedEventSchema, sealEvent(drone, { ...facts, state: "succeeded" }));
  const swapped = create(SignedEventSchema, { ...signed, payload: other.payload });
  throws(() => believe(toBinary(SignedEventSchema, swapped)), refused);
  const stranger = await makeAuthority("strangers", validity);
  const own = await stranger.issueVehicle("drone-001", validity);
  const forged = sealEvent({ chain: own.chain, signer: signerOf(own.keyPem) }, facts);
  throws(() => believe(forged), { code: "unknown_issuer" });
});
