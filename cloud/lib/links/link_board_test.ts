import { deepStrictEqual as equal, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { instantOf } from "#proto/instant.ts";
import { confirmMs, strangersMax } from "./limits.ts";
import { BoardStage, drone, type Event, sessionOf } from "./testing/board_stage.ts";

Deno.test("a link is there from its login to its end, which is remembered", () => {
  const stage = new BoardStage();
  stage.registered.add(drone);
  stage.up();
  const { link } = stage.board.of(drone);
  equal([link?.relay, link?.agentVersion, link?.peer, link?.health], ["relay-1", "1.2.3", "192.0.2.1:9", undefined]);
  stage.digest();
  equal(stage.board.of(drone).link?.health, { rttMs: 20, clockOffsetMs: 5, frames: 7, quietMs: 100 });
  stage.down();
  const { link: none, past } = stage.board.of(drone);
  equal([none, past.end?.code, past.relay, past.agentVersion], [undefined, "link_dead", "relay-1", "1.2.3"]);
  equal(stage.news.map(({ kind }) => kind), ["login", "end"]);
});

Deno.test("of two links the later serves, and the end of the older one is none of the vehicle", async () => {
  const stage = new BoardStage();
  stage.up(drone, 1);
  await stage.clock.advance(10);
  stage.up(drone, 2);
  const session = () => stage.board.of(drone).link?.session.slice(0, 2);
  strictEqual(session(), "02");
  stage.down("superseded", { session: 1 });
  equal([session(), stage.board.of(drone).past.end], ["02", undefined]);
  // A relay's digest may still name what has just ended elsewhere.
  stage.digest({ session: 1 });
  strictEqual(session(), "02");
});

Deno.test("a link that its shard no longer names is over, one whose shard is silent is not", async () => {
  const stage = new BoardStage();
  stage.up("a", 1);
  stage.hear({ case: "up", value: { vehicleId: "b", session: sessionOf(2), atNs: 1n } }, {
    relay: "relay-2",
    shard: 0,
  });
  await stage.clock.advance(confirmMs);
  stage.hear({ case: "digest", value: { links: [], atNs: stage.wallNs } });
  const now = instantOf(stage.clock);
  stage.board.pollSweep(now);
  const [a, b] = ["a", "b"].map((id) => stage.board.of(parseVehicleId(id)));
  equal([a.link, a.past.end?.code], [undefined, "link_dead"]);
  ok(b.link !== undefined && !stage.board.isHeard(b.link, now));
});

Deno.test("a link from before this service listened is known by its shard's digest, and its past fills it up", () => {
  const stage = new BoardStage();
  stage.board.handlePast(drone, { loginAtMs: 5, agentVersion: "1.0.0", end: { atMs: 3, code: "busy", detail: "" } });
  stage.digest();
  const { link, past } = stage.board.of(drone);
  equal([link?.agentVersion, link?.sinceMs, past.end?.code], ["1.0.0", undefined, "busy"]);
  // What was heard since is newer than what was written down.
  stage.up();
  stage.board.handlePast(drone, { agentVersion: "0.9.0" });
  strictEqual(stage.board.of(drone).past.agentVersion, "1.2.3");
});

Deno.test("refusals are counted until the next login", () => {
  const stage = new BoardStage();
  stage.refuse();
  stage.refuse("unknown_issuer");
  equal([stage.board.of(drone).past.refusal?.code, stage.board.of(drone).past.refusal?.count], ["unknown_issuer", 2]);
  stage.up();
  strictEqual(stage.board.of(drone).past.refusal, undefined);
  // Of a name that was malformed nothing is kept.
  stage.hear({ case: "refused", value: { claimedVehicleId: "", atNs: 1n, code: "bad_hello", detail: "" } });
  equal([...stage.board.vehicles], [drone]);
});

Deno.test("strangers are bounded, and push out nobody who is registered", () => {
  const stage = new BoardStage();
  stage.registered.add(drone);
  stage.refuse("bad_proof", drone);
  for (let i = 0; i <= strangersMax; i++) stage.refuse("bad_proof", `s${i}`);
  const known = [...stage.board.vehicles];
  equal([known.length, known.includes(drone)], [strangersMax + 1, true]);
  equal([known.includes(parseVehicleId("s0")), known.includes(parseVehicleId(`s${strangersMax}`))], [false, true]);
});

Deno.test("whatever a relay says is taken or refused as a Fault", () => {
  const stage = new BoardStage();
  throws(() => stage.up("no id!"), { code: "bad_message" });
  const now = instantOf(stage.clock);
  const from = { relay: "r", shard: 0 };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      stage.board.handlePresence(from, bytes, now);
    } catch (thrown) {
      ok(thrown instanceof Fault, String(thrown));
    }
  }));
});

const ids = ["a", "b"];
const step = fc.record({
  vehicle: fc.constantFrom(...ids),
  session: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom("up", "down", "digest", "wait"),
});

Deno.test("after any order of words a vehicle has a link exactly while one that came was not ended", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const stage = new BoardStage();
      const model = new Map(ids.map((id) => [id, new Set<number>()]));
      for (const { vehicle, session, kind } of steps) {
        if (kind === "wait") await stage.clock.advance(10);
        else if (kind === "up") stage.up(vehicle, session);
        else if (kind === "down") stage.down("", { vehicle, session });
        else stage.digest({ vehicle, session });
        if (kind === "down") model.get(vehicle)?.delete(session);
        else if (kind !== "wait") model.get(vehicle)?.add(session);
        for (const [id, sessions] of model) {
          const { link } = stage.board.of(parseVehicleId(id));
          strictEqual(link === undefined, sessions.size === 0);
          if (link !== undefined) ok(sessions.has(parseInt(link.session.slice(0, 2), 16)));
        }
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("two of one name are remembered with the moment", () => {
  const stage = new BoardStage();
  const twins: Event = { case: "duplicate", value: { vehicleId: drone, atNs: 3_000_000n } };
  stage.hear(twins);
  strictEqual(stage.board.of(drone).duplicateAtMs, 3);
});
