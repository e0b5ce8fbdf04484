/** The vehicle's side of the login. Source: protocol.md section 3. */
import type { Code } from "./errors.ts";
import type { LinkFrame } from "./frame.ts";
import type { Challenge, Redirect, Welcome } from "./gen/systemscale/link/v1/login_pb.ts";
import type { Epoch } from "./ids.ts";
import type { Instant } from "./instant.ts";
import type { Signer } from "./signature.ts";

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
  /** Not logged in: by the relay's word, or because the relay broke the protocol. Close the link with the code. */
  | {
    readonly kind: "refused";
    readonly by: "relay" | "vehicle";
    readonly code: Code;
    readonly detail: string;
    /** 0: not before something changes, by the slowest pace. */
    readonly retryAfterMs: number;
  }
  /** Dial that node instead. Its form is checked, whether it may be followed is not. */
  | { readonly kind: "redirect"; readonly redirect: Redirect };

/** One login. */
export class VehicleLogin {
  /** Uptime at which {@link poll} gives up. */
  readonly deadlineMs: number;

  constructor(_options: VehicleLoginOptions, _now: Instant) {
    throw new Error("to be written");
  }

  /** The first frame, Hello. */
  start(): Uint8Array {
    throw new Error("to be written");
  }

  /** Takes a frame of the control lane. */
  handleFrame(_frame: LinkFrame, _now: Instant): VehicleLoginStep {
    throw new Error("to be written");
  }

  /** The refusal `login_timeout` once the deadline has passed. */
  poll(_now: Instant): VehicleLoginStep | undefined {
    throw new Error("to be written");
  }
}
