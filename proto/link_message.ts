/** The protobuf messages of the link and the frames that carry them. */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Lane } from "./class.ts";
import { Fault } from "./errors.ts";
import { encodeFrame, frameKinds } from "./frame.ts";
import { GoodbyeSchema, PingSchema, PongSchema, ReadReportSchema } from "./gen/systemscale/link/v1/heartbeat_pb.ts";
import {
  ChallengeSchema,
  HelloSchema,
  ProofSchema,
  RedirectSchema,
  RefuseSchema,
  WelcomeSchema,
} from "./gen/systemscale/link/v1/login_pb.ts";
import {
  HeldSchema,
  InventorySchema,
  InventoryWantedSchema,
  LostSchema,
  ReceivedSchema,
  ResendSchema,
  ShapeUseSchema,
  VerdictsSchema,
} from "./gen/systemscale/link/v1/telemetry_pb.ts";

/** Schema of each kind of frame whose payload is a protobuf message. */
export const messageSchemas = {
  hello: HelloSchema,
  challenge: ChallengeSchema,
  proof: ProofSchema,
  welcome: WelcomeSchema,
  refuse: RefuseSchema,
  redirect: RedirectSchema,
  ping: PingSchema,
  pong: PongSchema,
  readReport: ReadReportSchema,
  goodbye: GoodbyeSchema,
  inventory: InventorySchema,
  held: HeldSchema,
  shapeUse: ShapeUseSchema,
  received: ReceivedSchema,
  verdicts: VerdictsSchema,
  lost: LostSchema,
  resend: ResendSchema,
  inventoryWanted: InventoryWantedSchema,
} as const satisfies Record<string, DescMessage>;

/** A kind of frame whose payload is a protobuf message. */
export type MessageKind = keyof typeof messageSchemas;
/** What a message of that kind is made from. */
export type MessageInit<Kind extends MessageKind> = MessageInitShape<typeof messageSchemas[Kind]>;
/** A message of that kind as read. */
export type MessageOf<Kind extends MessageKind> = MessageShape<typeof messageSchemas[Kind]>;

/** Settings of {@link encodeMessage}. */
export interface MessageOptions {
  /** `control` by default, where all bookkeeping runs. */
  readonly lane?: Lane;
  /** False by default: the receiver may skip a kind that it does not know. */
  readonly mustUnderstand?: boolean;
}

/**
 * Encodes a message as a whole link frame.
 *
 * @example
 * ```ts
 * await link.write("control", encodeMessage("goodbye", { code: "draining", detail: "" }));
 * ```
 */
export function encodeMessage<Kind extends MessageKind>(
  kind: Kind,
  init: MessageInit<Kind>,
  options: MessageOptions = {},
): Uint8Array {
  return encodeFrame(frameKinds[kind], {
    lane: options.lane ?? "control",
    payload: messageBytes(kind, init),
    mustUnderstand: options.mustUnderstand,
  });
}

/** Encodes a message without a frame around it. */
export function messageBytes<Kind extends MessageKind>(kind: Kind, init: MessageInit<Kind>): Uint8Array {
  const schema: DescMessage = messageSchemas[kind];
  return toBinary(schema, create(schema, init));
}

/** Decodes the payload of a frame of that kind; throws `bad_message`. Shares no bytes with the frame. */
export function decodeMessage<Kind extends MessageKind>(kind: Kind, payload: Uint8Array): MessageOf<Kind> {
  try {
    return fromBinary(messageSchemas[kind], payload.slice()) as MessageOf<Kind>;
  } catch (cause) {
    throw new Fault("bad_message", `Cannot decode ${kind} of ${payload.byteLength} bytes: not a valid message`, {
      cause,
    });
  }
}
