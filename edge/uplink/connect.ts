/** Dials a relay and logs in: one attempt, bounded in time. Source: protocol.md section 3. */
import { asFault, type Code, Fault } from "#proto/errors.ts";
import { FrameDecoder, frameKinds, type LinkFrame } from "#proto/frame.ts";
import type { Redirect } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { instantOf } from "#proto/instant.ts";
import { readFrames } from "#proto/lane_reader.ts";
import { linkFrameBytesMax } from "#proto/limits.ts";
import { closeOf, codeOfEnd } from "#proto/link_end.ts";
import type { Dialer, DialTarget, Link, Random } from "#proto/ports.ts";
import type { Signer } from "#proto/signature.ts";
import { nonceBytes } from "#proto/transcript.ts";
import { VehicleLogin, type VehicleLoginStep } from "#proto/vehicle_login.ts";
import { dialTimeoutMs } from "../limits.ts";
import { pause } from "../pause.ts";
import { LinkSession, type SessionParts } from "./link_session.ts";

/** Who the vehicle is, in a login. */
export interface Identity {
  /** DER certificates, leaf first, root left out. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** 16 random bytes of this start of the agent. */
  readonly boot: Uint8Array;
  readonly agentVersion: string;
}

/** What {@link connect} works with. */
export interface ConnectParts extends SessionParts {
  readonly dialer: Dialer;
  readonly random: Random;
}

/** One attempt: where, and its end from outside. */
export interface Attempt {
  readonly target: DialTarget;
  /** Rises with every attempt of this boot; numbers the session. */
  readonly number: number;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Waited for when the relay has answered, before the proof makes it end an older session of this vehicle. */
  readonly beforeProof?: () => Promise<void>;
}

/** How an attempt went. */
export type Connected =
  /** Logged in: run the session with this reader of its control lane, or close it. */
  | { readonly kind: "linked"; readonly session: LinkSession; readonly reading: Promise<void> }
  | { readonly kind: "redirect"; readonly redirect: Redirect }
  | Refused;

/** No session: refused, or there is nobody. */
export interface Refused {
  readonly kind: "refused";
  /** Whose word it is; `network`: nobody answered. */
  readonly by: "relay" | "vehicle" | "network";
  readonly code: Code;
  readonly detail: string;
  /** As the relay asked; 0: not before something changes (by the relay), or by the usual back-off. */
  readonly retryAfterMs: number;
}

/** Tries once. Never rejects for a fault of the world; the link is closed unless it is linked. */
export async function connect(parts: ConnectParts, attempt: Attempt): Promise<Connected> {
  let link: Link;
  try {
    link = await dial(parts, attempt);
  } catch (thrown) {
    return refusedByNetwork(asFault(thrown, "link_dead"));
  }
  return await new Login(link, { parts, attempt }).run();
}

async function dial({ dialer, clock }: ConnectParts, { target, signal }: Attempt): Promise<Link> {
  const timer = new AbortController();
  const abort = () => timer.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const late = clock.after(dialTimeoutMs, timer.signal).then(
    () => timer.abort(new Fault("link_dead", `Cannot dial "${target.node}": no answer in ${dialTimeoutMs} ms`)),
    () => undefined,
  );
  try {
    if (signal.aborted) abort();
    return await dialer.dial(target, timer.signal);
  } finally {
    signal.removeEventListener("abort", abort);
    timer.abort();
    await late;
  }
}

/** Drives the login machine over a link; the reader of the control lane goes on into the session. */
class Login {
  readonly #link: Link;
  readonly #parts: ConnectParts;
  readonly #attempt: Attempt;
  readonly #machine: VehicleLogin;
  readonly #decoder = new FrameDecoder();
  readonly #done = Promise.withResolvers<Connected>();
  readonly #timer = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #session: LinkSession | undefined;

  constructor(link: Link, { parts, attempt }: { parts: ConnectParts; attempt: Attempt }) {
    this.#link = link;
    this.#parts = parts;
    this.#attempt = attempt;
    const { random, ring, clock } = parts;
    const epochs = { epoch: ring.epoch, ancestors: ring.ancestors() };
    const fresh = { nonce: random.bytes(nonceBytes), linkCounter: BigInt(attempt.number) };
    const { identity, target: { node } } = attempt;
    this.#machine = new VehicleLogin({ ...identity, ...epochs, ...fresh, node }, instantOf(clock));
  }

  async run(): Promise<Connected> {
    const { signal } = this.#attempt;
    const abort = () => this.#done.resolve(refusedByNetwork(new Fault("unavailable", "Cannot log in: agent stops")));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    this.#reading = readFrames(this.#link, "control", {
      decoder: this.#decoder,
      handleFrame: (frame) => this.#session === undefined ? this.#handleFrame(frame) : this.#session.handleFrame(frame),
      handleBytes: () => this.#session?.handleBytes(),
    });
    const watchers = [this.#watchReading(), this.#watchTime(), this.#write(this.#machine.start())];
    const connected = await this.#done.promise;
    signal.removeEventListener("abort", abort);
    this.#timer.abort();
    if (connected.kind === "linked") return connected;
    this.#link.close(closeOf(connected.kind === "refused" ? connected.code : undefined));
    await Promise.all(watchers);
    return connected;
  }

  async #handleFrame(frame: LinkFrame): Promise<void> {
    if (frame.kind === frameKinds.challenge) await this.#attempt.beforeProof?.();
    // What comes behind the frame that ended the login, or after its time, has no meaning any more.
    if (this.#timer.signal.aborted) return;
    const { clock } = this.#parts;
    const step = this.#machine.handleFrame(frame, instantOf(clock));
    if (step.kind === "send") return await this.#write(step.bytes);
    this.#timer.abort();
    this.#done.resolve(this.#connectedOf(step));
  }

  #connectedOf(step: Exclude<VehicleLoginStep, { kind: "send" }>): Connected {
    if (step.kind !== "welcome") return step;
    this.#decoder.bytesMax = linkFrameBytesMax;
    const { target, number } = this.#attempt;
    this.#session = new LinkSession(this.#parts, { link: this.#link, target, number, welcome: step.welcome });
    return { kind: "linked", session: this.#session, reading: this.#reading };
  }

  /** A login that fails to write shows in its reader. */
  async #write(bytes: Uint8Array): Promise<void> {
    await this.#link.write("control", bytes).catch(() => undefined);
  }

  async #watchReading(): Promise<void> {
    try {
      await this.#reading;
      const end = await this.#link.ended;
      const code = codeOfEnd(end) ?? "link_dead";
      this.#done.resolve(refusedByNetwork(new Fault(code, `Cannot log in: link ended, ${end.by}: ${end.reason}`)));
    } catch (thrown) {
      const { code, message } = asFault(thrown);
      this.#done.resolve({ kind: "refused", by: "vehicle", code, detail: message, retryAfterMs: 0 });
    }
  }

  async #watchTime(): Promise<void> {
    const { clock } = this.#parts;
    const delayMs = this.#machine.deadlineMs - clock.uptimeMs();
    const isLate = await pause(clock, { delayMs, signal: this.#timer.signal });
    const refused = isLate ? this.#machine.poll(instantOf(clock)) : undefined;
    if (refused !== undefined) this.#done.resolve(refused);
  }
}

function refusedByNetwork({ code, message }: Fault): Refused {
  return { kind: "refused", by: "network", code, detail: message, retryAfterMs: 0 };
}
