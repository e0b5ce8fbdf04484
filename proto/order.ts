/**
 * Orders: commands and stops, signed in the cloud by keys that relay and NATS hosts never have, believed by a vehicle for
 * the command root in its configuration. Pure. Source: protocol.md section 5.
 *
 *     command root -- signs: this key may sign commands | stops | releases, generation g    (SignerFacts)
 *          |       `- signs: signers below generation g are retired                         (FloorFacts)
 *     signer's key -- signs: do this                                                        (Command, Stop)
 *
 * Each signature is over a context string of its kind and the exact bytes, each with its length before it, so that none
 * passes for another. No date is looked at: a vehicle that slept for months can still be commanded, and stopped.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { lengthPrefixed } from "./base/length_prefixed.ts";
import { readPublicKey } from "./base/public_key.ts";
import { asFault, Fault } from "./errors.ts";
import {
  type Command,
  CommandSchema,
  FloorFactsSchema,
  type Sealed,
  SealedSchema,
  type SignedOrder,
  SignedOrderSchema,
  SignerFactsSchema,
  type Stop,
  StopSchema,
} from "./gen/systemscale/command/v1/command_pb.ts";
import { algorithmOf, type Signer, verifySignature } from "./signature.ts";

/** What a signer may be allowed to sign. */
export const signerRoles = ["command", "stop", "release"] as const;
/** One of {@link signerRoles}. */
export type SignerRole = typeof signerRoles[number];

/** What a command does to the vehicle. */
export const commandClasses = ["motion", "config", "query"] as const;
/** One of {@link commandClasses}. */
export type CommandClass = typeof commandClasses[number];

const contexts = {
  signer: "SystemScale command root, version 1: this key may sign orders to vehicles of this fleet\0",
  floor: "SystemScale command root, version 1: signers of a lower generation are retired\0",
  command: "SystemScale command, version 1: do this on the vehicle and in the boot that it names\0",
  stop: "SystemScale stop request, version 1: stop, or end the stop of that number, on this vehicle\0",
} as const;

type Kind = keyof typeof contexts;

/** A key that signs orders, with what makes vehicles believe it. */
export interface OrderSigner {
  readonly key: Signer;
  readonly signer: Sealed;
  readonly floor: Sealed | undefined;
}

/** Whom a vehicle believes: the root, and the lowest generation of signers that it has heard of. */
export interface OrderTrust {
  readonly root: KeyObject;
  readonly generationMin: number;
}

/** An order that may be believed. */
export interface BelievedOrder<Payload> {
  readonly payload: Payload;
  /** SHA-256 of its bytes: what the vehicle answers about. */
  readonly sha256: Uint8Array;
  /** Name of who signed it. */
  readonly signer: string;
  /** The lowest generation to believe from now on; never below the one before. */
  readonly generationMin: number;
}

/** Certifies a signer by the root. `publicKey`: SubjectPublicKeyInfo, DER. */
export function sealSigner(
  root: Signer,
  facts: { publicKey: Uint8Array; roles: readonly SignerRole[]; generation: number; name: string },
): Sealed {
  return seal(
    "signer",
    root,
    toBinary(SignerFactsSchema, create(SignerFactsSchema, { ...facts, roles: [...facts.roles] })),
  );
}

/** Retires all signers of a lower generation, by the root. */
export function sealFloor(root: Signer, generation: number): Sealed {
  return seal("floor", root, toBinary(FloorFactsSchema, create(FloorFactsSchema, { generation })));
}

/** Signs a command. */
export function signCommand(by: OrderSigner, command: Command): SignedOrder {
  return sign("command", by, toBinary(CommandSchema, command));
}

/** Signs a stop, or its release. */
export function signStop(by: OrderSigner, stop: Stop): SignedOrder {
  return sign("stop", by, toBinary(StopSchema, stop));
}

/** Believes a command, or throws `bad_order`. Vehicle, boot and deadline are for the caller to check. */
export function believeCommand(order: SignedOrder, trust: OrderTrust): BelievedOrder<Command> {
  return believe({ kind: "command", schema: CommandSchema, role: () => "command" }, order, trust);
}

/** Believes a stop or its release, or throws `bad_order`. */
export function believeStop(order: SignedOrder, trust: OrderTrust): BelievedOrder<Stop> {
  const role = ({ release }: Stop) => release ? "release" : "stop";
  return believe({ kind: "stop", schema: StopSchema, role }, order, trust);
}

/** SHA-256 of an order's payload. */
export function orderSha256(payload: Uint8Array): Uint8Array {
  return createHash("sha256").update(payload).digest();
}

/** Reads the command root's public key, PEM; throws `bad_config`. */
export function readCommandRoot(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (algorithmOf(key) !== undefined) return key;
    throw new Error(`it is of type "${key.asymmetricKeyType}", wanted Ed25519 or P-256`);
  } catch (cause) {
    throw new Fault("bad_config", `Cannot read command root: ${asFault(cause).message}`, { cause });
  }
}

function seal(kind: "signer" | "floor", root: Signer, payload: Uint8Array): Sealed {
  return create(SealedSchema, { payload, signature: root.sign(signedBytes(kind, payload)) });
}

function sign(kind: "command" | "stop", { key, signer, floor }: OrderSigner, payload: Uint8Array): SignedOrder {
  const signature = key.sign(signedBytes(kind, payload));
  return create(SignedOrderSchema, { payload, signature, signer, ...(floor && { floor }) });
}

function believe<Schema extends DescMessage>(
  { kind, schema, role }: { kind: Kind; schema: Schema; role: (payload: MessageShape<Schema>) => SignerRole },
  { payload: bytes, signature, signer, floor }: SignedOrder,
  { root, generationMin }: OrderTrust,
): BelievedOrder<MessageShape<Schema>> {
  if (signer === undefined) throw refused("nobody is named who signed it");
  const facts = open({ kind: "signer", schema: SignerFactsSchema }, signer, root);
  const floorGeneration = floor === undefined
    ? 0
    : open({ kind: "floor", schema: FloorFactsSchema }, floor, root).generation;
  const lowest = Math.max(generationMin, floorGeneration);
  if (facts.generation < lowest) {
    throw refused(`its signer is of generation ${facts.generation}, and those below ${lowest} are retired`);
  }
  const payload = open({ kind, schema }, { payload: bytes, signature }, signerKey(facts.publicKey));
  const wanted = role(payload);
  if (!facts.roles.includes(wanted)) throw refused(`its signer may not sign a ${wanted}`);
  return { payload, sha256: orderSha256(bytes), signer: facts.name, generationMin: lowest };
}

/** Looks at a message only when its signature is good. */
function open<Schema extends DescMessage>(
  { kind, schema }: { kind: Kind; schema: Schema },
  { payload, signature }: { payload: Uint8Array; signature: Uint8Array },
  key: KeyObject,
): MessageShape<Schema> {
  if (!verifySignature(key, { bytes: signedBytes(kind, payload), signature })) {
    throw refused(`the signature of the ${kind} is not by the key that it should be by`);
  }
  try {
    return fromBinary(schema, payload);
  } catch (cause) {
    throw new Fault("bad_order", `Cannot obey order: its ${kind} is not a valid message`, { cause });
  }
}

function signerKey(der: Uint8Array): KeyObject {
  try {
    return readPublicKey(der);
  } catch (cause) {
    throw new Fault("bad_order", "Cannot obey order: its signer's key is none", { cause });
  }
}

function signedBytes(kind: Kind, payload: Uint8Array): Uint8Array {
  return lengthPrefixed([new TextEncoder().encode(contexts[kind]), payload]);
}

function refused(why: string): Fault {
  return new Fault("bad_order", `Cannot obey order: ${why}`);
}
