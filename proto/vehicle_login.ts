/**
 * The vehicle's side of the login. Source: protocol.md section 3.
 *
 * | state     | frame     | then      | step                     |
 * |-----------|-----------|-----------|--------------------------|
 * | challenge | Challenge | welcome   | send Proof               |
 * | welcome   | Welcome   | over      | welcome                  |
 * | either    | Redirect  | over      | redirect                 |
 * | either    | Refuse    | over      | refused by relay         |
 * | either    | other     | over      | refused by vehicle       |
 * | either    | deadline  | over      | refused: `login_timeout` |
 */
import { ok } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Code, Fault, isCode } from "./errors.ts";
import { frameKinds, type LinkFrame } from "./frame.ts";
import {
  type Challenge,
  ProofFieldsSchema,
  type Redirect,
  type Refuse,
  type Welcome,
} from "./gen/systemscale/link/v1/login_pb.ts";
import type { Epoch } from "./ids.ts";
import type { Instant } from "./instant.ts";
import { ancestorsMax, linkHeaderBytes, loginTimeoutMs } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./link_message.ts";
import type { Signer } from "./signature.ts";
import { isNodeName, loginBytes, nonceBytes, protocolVersion, readChallenge } from "./transcript.ts";

/** Who logs in, and where. */
export interface VehicleLoginOptions {
  /** Node name that was dialled and that the relay's TLS certificate carries. */
  readonly node: string;
  /** DER certificates, leaf first, intermediates after it, root left out. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array;
  /** 16 random bytes of this start of the agent. */
  readonly boot: Uint8Array;
  readonly epoch: Epoch;
  /** Nearest first; more than 16 are cut off. */
  readonly ancestors: readonly Epoch[];
  /** Rises with every login of this boot. */
  readonly linkCounter: bigint;
  readonly agentVersion: string;
}

/** What to do next. After anything but `send` the login is over. */
export type VehicleLoginStep =
  /** Write these bytes (a whole frame) on the control lane. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** Logged in. */
  | { readonly kind: "welcome"; readonly welcome: Welcome; readonly challenge: Challenge }
  | VehicleLoginRefusal
  /** Dial that node instead. Its form is checked, whether it may be followed is not. */
  | { readonly kind: "redirect"; readonly redirect: Redirect };

/** Not logged in: by the relay's word, or because the relay broke the protocol. Close the link with the code. */
export interface VehicleLoginRefusal {
  readonly kind: "refused";
  readonly by: "relay" | "vehicle";
  readonly code: Code;
  readonly detail: string;
  /** 0: not before something changes, by the slowest pace. */
  readonly retryAfterMs: number;
}

/** A detail from the other end is for people and logs: so much of it. */
const detailLengthMax = 500;
/** A relay that is silent or breaks the protocol is tried again after so long. */
const brokenRelayRetryMs = 10_000;
const sessionBytes = 16;

/** One login. Build it when the link is up, write {@link start}, then feed it the control lane. */
export class VehicleLogin {
  /** Uptime at which {@link poll} gives up. */
  readonly deadlineMs: number;
  readonly #options: VehicleLoginOptions;
  readonly #hello: Uint8Array;
  #challenge: Challenge | undefined;
  #over = false;

  constructor(options: VehicleLoginOptions, now: Instant) {
    ok(options.nonce.byteLength === nonceBytes, `nonce has ${nonceBytes} bytes`);
    this.#options = options;
    this.deadlineMs = now.uptimeMs + loginTimeoutMs;
    this.#hello = helloFrame(options);
  }

  /** The first frame, Hello. */
  start(): Uint8Array {
    return this.#hello;
  }

  /** Takes a frame of the control lane. */
  handleFrame(frame: LinkFrame, now: Instant): VehicleLoginStep {
    ok(!this.#over, "login goes on");
    const step = this.poll(now) ?? this.#stepOf(frame, now);
    this.#over = step.kind !== "send";
    return step;
  }

  /** The refusal `login_timeout` once the deadline has passed. */
  poll(now: Instant): VehicleLoginRefusal | undefined {
    if (this.#over || now.uptimeMs < this.deadlineMs) return undefined;
    this.#over = true;
    return refusedHere(new Fault("login_timeout", `Cannot log in at "${this.#options.node}": no Welcome in time`));
  }

  #stepOf(frame: LinkFrame, now: Instant): VehicleLoginStep {
    try {
      if (frame.kind === frameKinds.challenge && this.#challenge === undefined) return this.#prove(frame.payload, now);
      if (frame.kind === frameKinds.welcome && this.#challenge !== undefined) {
        return { kind: "welcome", welcome: readWelcome(frame.payload), challenge: this.#challenge };
      }
      if (frame.kind === frameKinds.refuse) return refusedThere(decodeMessage("refuse", frame.payload));
      if (frame.kind === frameKinds.redirect) return { kind: "redirect", redirect: readRedirect(frame.payload) };
      throw new Fault("unexpected_frame", `Cannot go on with login: frame of kind ${frame.kind} does not belong here`);
    } catch (thrown) {
      if (thrown instanceof Fault) return refusedHere(thrown);
      throw thrown;
    }
  }

  #prove(payload: Uint8Array, now: Instant): VehicleLoginStep {
    this.#challenge = readChallenge(payload, this.#options.node);
    const fields = toBinary(
      ProofFieldsSchema,
      create(ProofFieldsSchema, {
        uptimeNs: BigInt(Math.round(now.uptimeMs * 1e6)),
        linkCounter: this.#options.linkCounter,
      }),
    );
    const hello = this.#hello.subarray(linkHeaderBytes);
    const signature = this.#options.signer.sign(loginBytes({ hello, challenge: payload, fields }));
    return { kind: "send", bytes: encodeMessage("proof", { fields, signature }, { mustUnderstand: true }) };
  }
}

function helloFrame(options: VehicleLoginOptions): Uint8Array {
  const { nonce, node, boot, epoch, agentVersion } = options;
  return encodeMessage("hello", {
    versions: [protocolVersion],
    nonce,
    chain: [...options.chain],
    node,
    boot,
    epoch,
    ancestors: options.ancestors.slice(0, ancestorsMax),
    agentVersion,
  }, { mustUnderstand: true });
}

function readWelcome(payload: Uint8Array): Welcome {
  const welcome = decodeMessage("welcome", payload);
  const { session, heartbeatIntervalMs, liveWindowBytes, backfillWindowBytes, batchBytesMax } = welcome;
  const good = session.byteLength === sessionBytes && heartbeatIntervalMs > 0 &&
    liveWindowBytes > 0 && backfillWindowBytes > 0 && batchBytesMax > 0;
  if (good) return welcome;
  throw new Fault("bad_message", "Cannot accept Welcome: session, heartbeat interval, window or batch size is missing");
}

function readRedirect(payload: Uint8Array): Redirect {
  const redirect = decodeMessage("redirect", payload);
  if (isNodeName(redirect.node) && redirect.port >= 1 && redirect.port <= 65_535) return redirect;
  throw new Fault("bad_message", "Cannot follow Redirect: it names no host and port");
}

function refusedThere(refuse: Refuse): VehicleLoginRefusal {
  const detail = refuse.detail.slice(0, detailLengthMax);
  const { retryAfterMs } = refuse;
  if (isCode(refuse.code)) return { kind: "refused", by: "relay", code: refuse.code, detail, retryAfterMs };
  // A code of a later version: what it meant stays readable.
  const named = `${refuse.code.slice(0, 80)}: ${detail}`;
  return { kind: "refused", by: "relay", code: "unavailable", detail: named, retryAfterMs };
}

function refusedHere(fault: Fault): VehicleLoginRefusal {
  return { kind: "refused", by: "vehicle", code: fault.code, detail: fault.message, retryAfterMs: brokenRelayRetryMs };
}
