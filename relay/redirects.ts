/** Sends vehicles to other nodes: what a shared name says to each, and what a node says when it drains. */
import { fromBinary } from "@bufbuild/protobuf";
import { claimedVehicle } from "#proto/base/certificate.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { RedirectReason } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { NodeStateSchema } from "#proto/gen/systemscale/log/v1/presence_pb.ts";
import { parseRelayName } from "#proto/ids.ts";
import { encodeMessage } from "#proto/link_message.ts";
import { readHello } from "#proto/transcript.ts";
import { redirectMs } from "./limits.ts";
import type { Node } from "./node.ts";

/** Takes an encoded NodeState; one that cannot be understood is logged, and the next one comes soon. */
export function handleNodeState(
  who: { relay: string; shard: string },
  bytes: Uint8Array,
  { board, clock, log }: Pick<Node, "board" | "clock" | "log">,
): void {
  try {
    const shard = { relay: parseRelayName(who.relay), shard: Number(who.shard) };
    board.handleState(shard, fromBinary(NodeStateSchema, bytes), clock.uptimeMs());
  } catch (thrown) {
    log.warn("Cannot understand the state of a node", { relay: who.relay, reason: asFault(thrown).message });
  }
}

/**
 * The answer of a shared name to a Hello: nothing of it is proven, and nothing depends on it but where the vehicle is
 * sent. Undefined when no node takes vehicles; throws what is wrong with the Hello.
 */
export function redirectOfHello(
  payload: Uint8Array,
  { node, board, clock, counters }: Pick<Node, "node" | "board" | "clock" | "counters">,
): Uint8Array | undefined {
  const hello = readHello(payload);
  if (hello.node !== node) {
    throw new Fault("wrong_node", `Cannot accept Hello for node "${hello.node}": this is "${node}"`);
  }
  const to = board.nodeFor(claimedVehicle(hello.chain[0]), clock.uptimeMs(), node);
  if (to === undefined) return undefined;
  counters.redirected += 1;
  const expiresAtMs = clock.wallNs() / 1_000_000n + BigInt(redirectMs);
  return encodeMessage("redirect", { ...to, expiresAtMs, reason: RedirectReason.SHARED_NAME }, {
    mustUnderstand: true,
  });
}

/**
 * What a node that drains says to a vehicle: where to go, for once, or, when there is no other node, only that it should.
 * `hasPlace`: whether it names one.
 */
export function redirectOnDrain(
  vehicle: string,
  { node, board, clock, counters }: Pick<Node, "node" | "board" | "clock" | "counters">,
): { frame: Uint8Array; hasPlace: boolean } {
  const to = board.nodeFor(vehicle, clock.uptimeMs(), node);
  const hasPlace = to !== undefined;
  counters.redirected += hasPlace ? 1 : 0;
  return { frame: encodeMessage("redirect", { ...to, reason: RedirectReason.DRAIN }), hasPlace };
}
