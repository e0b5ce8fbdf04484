// Login and heartbeats over links that delay, chop and cut, in virtual time: whatever happens ends in a word.
import { ok, strictEqual } from "node:assert/strict";
import { asFault, type Code, Fault } from "./errors.ts";
import { FrameDecoder, frameKinds, type LinkFrame } from "./frame.ts";
import { Heartbeat } from "./heartbeat.ts";
import { instantOf } from "./instant.ts";
import { readFrames } from "./lane_reader.ts";
import { heartbeatIntervalMs, linkDeadMs, linkFrameBytesMax, loginTimeoutMs } from "./limits.ts";
import { closeOf, codeOfEnd } from "./link_end.ts";
import { encodeMessage } from "./link_message.ts";
import type { Clock, Link } from "./ports.ts";
import { RelayLogin } from "./relay_login.ts";
import { VirtualClock } from "./testing/clock.ts";
import { linkPair } from "./testing/link.ts";
import { makeLoginFixture } from "./testing/login.ts";
import { type SeededRandom, seededRandom } from "./testing/random.ts";
import { VehicleLogin } from "./vehicle_login.ts";

const fixture = await makeLoginFixture();
const talkMs = 60_000;
const welcome = {
  session: new Uint8Array(16),
  liveWindowBytes: 1,
  backfillWindowBytes: 1,
  batchBytesMax: 1,
  heartbeatIntervalMs,
};

/** How one end saw the link: what it came to, and the code that it ended with (none: good order). */
interface Outcome {
  readonly loggedIn: boolean;
  readonly code: Code | undefined;
  readonly endedMs: number;
  readonly rttMs: number | undefined;
}

/** One end: its login machine as functions, so that both ends share the driving. */
interface End {
  readonly link: Link;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly first: Uint8Array | undefined;
  /** Answers a frame of the login: bytes to send, and whether that was the last. */
  logIn(frame: LinkFrame): { bytes?: Uint8Array; over?: "in" | Code };
}

/** Drives one end to the link's end: login, heartbeats, and after `talkMs` a close in good order. */
async function drive(end: End): Promise<Outcome> {
  const { link, clock } = end;
  const decoder = new FrameDecoder();
  let heartbeat: Heartbeat | undefined;
  const send = (bytes: Uint8Array) => void link.write("control", bytes).catch(() => undefined);
  const handleFrame = (frame: LinkFrame) => {
    if (heartbeat !== undefined) return handleSession(heartbeat, frame);
    const { bytes, over } = end.logIn(frame);
    if (bytes !== undefined) send(bytes);
    if (over === "in") {
      heartbeat = new Heartbeat(instantOf(clock));
      decoder.bytesMax = linkFrameBytesMax;
    } else if (over !== undefined) link.close(closeOf(over));
  };
  const handleSession = (session: Heartbeat, frame: LinkFrame) => {
    if (frame.kind === frameKinds.ping) send(session.handlePing(frame.payload, instantOf(clock)));
    else if (frame.kind === frameKinds.pong) session.handlePong(frame.payload, instantOf(clock));
    else throw new Fault("unexpected_frame", "Cannot go on: not a heartbeat");
  };
  const ended = new AbortController();
  void link.ended.then(() => ended.abort());
  const beating = beat({ link, clock, signal: ended.signal, deadlineMs: end.deadlineMs, heartbeat: () => heartbeat });
  if (end.first !== undefined) send(end.first);
  await readFrames(link, "control", { decoder, handleFrame }).catch((thrown) =>
    link.close(closeOf(asFault(thrown).code))
  );
  const last = await link.ended;
  await beating;
  return {
    loggedIn: heartbeat !== undefined,
    code: codeOfEnd(last),
    endedMs: clock.uptimeMs(),
    rttMs: heartbeat?.rttMs,
  };
}

async function beat(options: {
  link: Link;
  clock: Clock;
  signal: AbortSignal;
  deadlineMs: number;
  heartbeat: () => Heartbeat | undefined;
}): Promise<void> {
  const { link, clock, signal } = options;
  const untilMs = clock.uptimeMs() + talkMs;
  while (!signal.aborted) {
    const heartbeat = options.heartbeat();
    const step = heartbeat?.poll(instantOf(clock));
    if (step?.kind === "send") void link.write("control", step.bytes).catch(() => undefined);
    if (step?.kind === "dead") return link.close(closeOf("link_dead"));
    if (heartbeat === undefined && clock.uptimeMs() >= options.deadlineMs) return link.close(closeOf("login_timeout"));
    if (clock.uptimeMs() >= untilMs) return link.close(closeOf());
    // Ticks of 50 ms, since the login may turn into a session at any frame.
    await clock.after(50, signal).catch(() => undefined);
  }
}

function vehicleEnd(link: Link, clock: Clock): End {
  const login: VehicleLogin = fixture.vehicle();
  return {
    link,
    clock,
    deadlineMs: login.deadlineMs,
    first: login.start(),
    logIn: (frame) => {
      const step = login.handleFrame(frame, instantOf(clock));
      if (step.kind === "send") return { bytes: step.bytes };
      return { over: step.kind === "welcome" ? "in" : step.kind === "refused" ? step.code : "internal" };
    },
  };
}

function relayEnd(link: Link, clock: Clock, admit: boolean): End {
  const login: RelayLogin = fixture.relay();
  return {
    link,
    clock,
    deadlineMs: login.deadlineMs,
    first: undefined,
    logIn: (frame) => {
      const step = login.handleFrame(frame, instantOf(clock));
      if (step.kind === "send") return { bytes: step.bytes };
      if (step.kind === "refuse") return { bytes: step.bytes, over: step.code };
      if (admit) return { bytes: encodeMessage("welcome", welcome), over: "in" };
      return { bytes: login.refuse({ code: "busy", detail: "full" }).bytes, over: "busy" };
    },
  };
}

/** One conversation over a link with weather of its own; the cut comes at a random moment or never. */
async function converse(random: SeededRandom, options: { admit: boolean; cutMs?: number; delayMsMax: number }) {
  const clock = new VirtualClock();
  const delayMs = { min: 0, max: random.integer(0, options.delayMsMax) };
  const conditions = {
    delayMs,
    bytesPerSecond: random.integer(2_000, 1_000_000),
    pieceBytesMax: random.integer(1, 300),
    windowBytes: random.integer(64, 4096),
  };
  const pair = linkPair({ clock, random, conditions });
  if (options.cutMs !== undefined) void clock.after(options.cutMs).then(() => pair.cut());
  const both = Promise.all([
    drive(vehicleEnd(pair.vehicle, clock)),
    drive(relayEnd(pair.relay, clock, options.admit)),
  ]);
  const beganMs = clock.uptimeMs();
  const [vehicle, relay] = await clock.run(both, { limitMs: talkMs + loginTimeoutMs + linkDeadMs + 10_000 });
  return { vehicle, relay, tookMs: clock.uptimeMs() - beganMs, delayMs: delayMs.max };
}

Deno.test("a link that holds logs in, measures itself and ends in good order", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { vehicle, relay, delayMs } = await converse(seededRandom(seed), { admit: true, delayMsMax: 500 });
    ok(vehicle.loggedIn && relay.loggedIn, `seed ${seed}`);
    strictEqual(vehicle.code, undefined, `seed ${seed}`);
    strictEqual(relay.code, undefined, `seed ${seed}`);
    // Slow links add the time of their bytes to the delay.
    ok((vehicle.rttMs ?? Infinity) <= 2 * delayMs + 200, `seed ${seed}: ${vehicle.rttMs} ms at ${delayMs} ms`);
  }
});

Deno.test("a refusal reaches the vehicle over any link that holds", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { vehicle, relay } = await converse(seededRandom(seed), { admit: false, delayMsMax: 2000 });
    strictEqual(vehicle.loggedIn || relay.loggedIn, false);
    strictEqual(vehicle.code, "busy", `seed ${seed}`);
    strictEqual(relay.code, "busy", `seed ${seed}`);
  }
});

Deno.test("a link cut at any moment ends in time and in words on both sides", async () => {
  const words: (Code | undefined)[] = [undefined, "busy", "link_dead", "login_timeout"];
  for (let seed = 1; seed <= 150; seed++) {
    const random = seededRandom(seed);
    const cutMs = random.fraction() < 0.5 ? random.integer(0, 3000) : random.integer(0, talkMs);
    const { vehicle, relay, tookMs } = await converse(random, { admit: seed % 4 !== 0, cutMs, delayMsMax: 9000 });
    ok(words.includes(vehicle.code), `seed ${seed}: vehicle ended with ${vehicle.code}`);
    ok(words.includes(relay.code), `seed ${seed}: relay ended with ${relay.code}`);
    ok(tookMs <= talkMs + 9000 + 100, `seed ${seed}: took ${tookMs} ms`);
  }
});

Deno.test("a peer that falls silent is dead after the stated time, before and after login", async () => {
  for (const silentMs of [0, 20_000]) {
    const clock = new VirtualClock();
    const random = seededRandom(5);
    const pair = linkPair({ clock, random, conditions: { windowBytes: 1 << 20 } });
    // What the relay sends from then on goes nowhere, as behind a dead radio that the network does not report.
    const mute: Link = {
      ...pair.relay,
      peer: "mute",
      ended: pair.relay.ended,
      read: (lane, into) => pair.relay.read(lane, into),
      close: (end) => pair.relay.close(end),
      write: (lane, bytes) => clock.uptimeMs() >= 1000 + silentMs ? Promise.resolve() : pair.relay.write(lane, bytes),
    };
    const beganMs = clock.uptimeMs();
    const [vehicle] = await clock.run(
      Promise.all([drive(vehicleEnd(pair.vehicle, clock)), drive(relayEnd(mute, clock, true))]),
    );
    strictEqual(vehicle.code, silentMs === 0 ? "login_timeout" : "link_dead");
    const wantedMs = silentMs === 0 ? loginTimeoutMs : silentMs + linkDeadMs;
    ok(vehicle.endedMs - beganMs <= wantedMs + heartbeatIntervalMs, `ended after ${vehicle.endedMs - beganMs} ms`);
  }
});
