/**
 * Says Hello to a relay and goes no further than its Challenge: a finished login would end the session of an agent that
 * runs. Source: protocol.md section 3.
 */
import { asFault } from "#proto/errors.ts";
import { FrameDecoder } from "#proto/frame.ts";
import { parseEpoch } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { readFrames } from "#proto/lane_reader.ts";
import { closeOf, codeOfEnd } from "#proto/link_end.ts";
import type { Clock, Link, Random } from "#proto/ports.ts";
import { nonceBytes } from "#proto/transcript.ts";
import { VehicleLogin } from "#proto/vehicle_login.ts";
import { frameKinds, type LinkFrame } from "#proto/frame.ts";
import { decodeMessage } from "#proto/link_message.ts";
import type { Identity } from "../uplink/connect.ts";
import { doctorHelloMs } from "../limits.ts";
import type { QuicEvidence } from "./evidence.ts";

/** What {@link greet} works with. */
export interface GreetParts {
  readonly identity: Identity;
  /** Name that was dialled. */
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** What came back, `doctorHelloMs` at most after the Hello. Closes the link. */
export async function greet(link: Link, parts: GreetParts): Promise<QuicEvidence> {
  const { clock } = parts;
  const beganMs = clock.uptimeMs();
  const answer = Promise.withResolvers<QuicEvidence>();
  const timer = new AbortController();
  const late = clock.after(doctorHelloMs, timer.signal).then(
    () => answer.resolve({ kind: "mute", afterMs: doctorHelloMs }),
    () => undefined,
  );
  const login = loginOf(parts);
  const reading = readFrames(link, "control", {
    decoder: new FrameDecoder(),
    handleFrame: (frame) => answer.resolve(heard(frame, { login, parts, beganMs })),
  }).then(async () => answer.resolve(endedBy(await link.ended)), (thrown) => answer.resolve(strange(thrown)));
  // A write in vain shows in the reader.
  await link.write("control", login.start()).catch(() => undefined);
  const evidence = await answer.promise;
  timer.abort();
  link.close(closeOf());
  await Promise.all([late, reading]);
  return evidence;
}

/** Epoch and counter matter to a login that is finished. */
function loginOf({ identity, node, clock, random }: GreetParts): VehicleLogin {
  const nonce = random.bytes(nonceBytes);
  const rest = { epoch: parseEpoch(1n), ancestors: [], linkCounter: 0n };
  return new VehicleLogin({ ...identity, node, nonce, ...rest }, instantOf(clock));
}

function heard(
  frame: LinkFrame,
  { login, parts: { clock }, beganMs }: { login: VehicleLogin; parts: GreetParts; beganMs: number },
): QuicEvidence {
  const step = login.handleFrame(frame, instantOf(clock));
  if (step.kind === "refused") {
    return step.by === "relay"
      ? { kind: "refused", code: step.code, detail: step.detail }
      : { kind: "strange", detail: step.detail };
  }
  if (step.kind === "redirect") return { kind: "redirected", node: step.redirect.node, port: step.redirect.port };
  if (step.kind !== "send" || frame.kind !== frameKinds.challenge) {
    return { kind: "strange", detail: "no Challenge came" };
  }
  const { relayTimeNs } = decodeMessage("challenge", frame.payload);
  return { kind: "challenged", relayTimeNs, tookMs: clock.uptimeMs() - beganMs };
}

function endedBy(end: Awaited<Link["ended"]>): QuicEvidence {
  const code = codeOfEnd(end) ?? "link_dead";
  return { kind: "refused", code, detail: "the link was closed without a word" };
}

function strange(thrown: unknown): QuicEvidence {
  return { kind: "strange", detail: asFault(thrown).message };
}
