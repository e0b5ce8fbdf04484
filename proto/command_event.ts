/**
 * What became of an order, in the vehicle's signed words. Whoever has the vehicles' root can check it, whichever relay it
 * came through. Pure. Source: protocol.md section 5.
 */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { CertificateCheck } from "./base/certificate.ts";
import { lengthPrefixed } from "./base/length_prefixed.ts";
import { type VehicleState, vehicleStates } from "./command_state.ts";
import { Fault } from "./errors.ts";
import {
  type EventFacts,
  EventFactsSchema,
  type SignedEvent,
  SignedEventSchema,
} from "./gen/systemscale/command/v1/command_pb.ts";
import { chainLengthMax } from "./limits.ts";
import { type Signer, verifySignature } from "./signature.ts";

const contextText = "SystemScale command event, version 1: a vehicle tells what became of an order it was given\0";

/** Who speaks. */
export interface EventSigner {
  /** DER certificates, leaf first, root left out. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
}

/** What a vehicle was believed. */
export interface BelievedEvent extends EventFacts {
  readonly state: VehicleState;
}

/** Encodes what became of an order, signed. */
export function sealEvent(
  { chain, signer }: EventSigner,
  facts: MessageInitShape<typeof EventFactsSchema>,
): Uint8Array {
  const payload = toBinary(EventFactsSchema, create(EventFactsSchema, facts));
  const signed = { payload, signature: signer.sign(signedBytes(payload)), chain: [...chain] };
  return toBinary(SignedEventSchema, create(SignedEventSchema, signed));
}

/** Believes an event as of `nowMs`, ms since 1970, or throws `bad_proof` or what is wrong with the certificate. */
export function believeEvent(
  bytes: Uint8Array,
  { checkChain, nowMs }: { readonly checkChain: CertificateCheck; readonly nowMs: number },
): BelievedEvent {
  const { payload, signature, chain } = decoded("event", () => fromBinary(SignedEventSchema, bytes));
  const refused = (why: string) => new Fault("bad_proof", `Cannot believe event: ${why}`);
  if (chain.length < 1 || chain.length > chainLengthMax) throw refused(`it brings ${chain.length} certificates`);
  const verdict = checkChain(chain, nowMs);
  if (!verdict.ok) throw new Fault(verdict.code, verdict.detail);
  if (!verifySignature(verdict.publicKey, { bytes: signedBytes(payload), signature })) {
    throw refused("its signature is not by the certificate's key");
  }
  const facts = decoded("facts of event", () => fromBinary(EventFactsSchema, payload));
  if (facts.vehicleId !== verdict.vehicle) throw refused(`it speaks for "${facts.vehicleId.slice(0, 64)}"`);
  const { state } = facts;
  if (!isVehicleState(state)) throw refused("its state is none that a vehicle tells");
  return { ...facts, state };
}

function isVehicleState(state: string): state is VehicleState {
  return (vehicleStates as readonly string[]).includes(state);
}

function decoded<T extends SignedEvent | EventFacts>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new Fault("bad_proof", `Cannot read ${what}: not a valid message`, { cause });
  }
}

function signedBytes(payload: Uint8Array): Uint8Array {
  return lengthPrefixed([new TextEncoder().encode(contextText), payload]);
}
