import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { confirmMs } from "../lib/links/limits.ts";
import { clockOffMs, duplicateMs, silentMs, slowRttMs } from "./limits.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { FleetStage } from "./testing/stage.ts";

async function staged(): Promise<FleetStage> {
  const stage = await new FleetStage().begin();
  await stage.register();
  return stage;
}

Deno.test("a registered vehicle is never seen, online, silent, online again, offline with the reason", async () => {
  const stage = await staged();
  strictEqual(stage.state(), "never_seen");
  stage.up();
  strictEqual(stage.state(), "online");
  stage.digest({ quietMs: silentMs });
  strictEqual(stage.state(), "silent no_data");
  stage.digest({ quietMs: 1 });
  strictEqual(stage.state(), "online");
  stage.down("certificate_revoked");
  strictEqual(stage.state(), "offline certificate_revoked");
});

Deno.test("silence begins with the last data, and with the login where none has come", async () => {
  const stage = await staged();
  stage.up();
  stage.digest({ quietMs: null });
  strictEqual(stage.state(), "online");
  await stage.clock.advance(silentMs);
  stage.digest({ quietMs: null });
  strictEqual(stage.state(), "silent no_data");
  const { sinceMs } = stage.fleet.standing(drone).presence;
  strictEqual(sinceMs, Number(stage.wallNs / 1_000_000n) - silentMs);
  // Between two digests time goes on.
  stage.digest({ quietMs: silentMs - 1_000 });
  strictEqual(stage.state(), "online");
  await stage.clock.advance(1_000);
  strictEqual(stage.state(), "silent no_data");
});

Deno.test("a link that makes operating hard is degraded, and says by what", async () => {
  const stage = await staged();
  stage.up();
  stage.digest({ rttMs: slowRttMs });
  strictEqual(stage.state(), "degraded slow_link");
  stage.digest({ offMs: -clockOffMs });
  strictEqual(stage.state(), "degraded clock_off");
  stage.digest();
  stage.hear({ case: "duplicate", value: { vehicleId: drone, atNs: stage.wallNs } });
  strictEqual(stage.state(), "degraded duplicate_identity");
  await stage.clock.advance(duplicateMs);
  stage.digest();
  strictEqual(stage.state(), "online");
});

Deno.test("when a relay falls silent nobody knows of its vehicles", async () => {
  const stage = await staged();
  stage.up();
  await stage.clock.advance(confirmMs);
  strictEqual(stage.state(), "unknown relay_silent");
  stage.digest();
  strictEqual(stage.state(), "online");
});

Deno.test("a linked vehicle that nobody registered waits for it, also when it was archived", async () => {
  const stage = await new FleetStage().begin();
  stage.up();
  strictEqual(stage.state(), "awaiting_registration");
  await stage.register();
  strictEqual(stage.state(), "online");
  await stage.registry.archive(drone, "any");
  strictEqual(stage.state(), "awaiting_registration");
});

Deno.test("a refusal shows while nothing newer is known", async () => {
  const stage = await staged();
  stage.refuse();
  strictEqual(stage.state(), "refused certificate_expired");
  stage.up();
  await stage.clock.advance(10);
  stage.down("");
  strictEqual(stage.state(), "offline");
  await stage.clock.advance(10);
  stage.refuse("unknown_issuer");
  strictEqual(stage.state(), "refused unknown_issuer");
});

Deno.test("a service that has just begun claims nothing of who was linked", async () => {
  const stage = new FleetStage();
  await stage.registry.load();
  await stage.register();
  stage.board.handlePast(drone, { loginAtMs: 5 });
  strictEqual(stage.state(), "unknown just_begun");
  await stage.clock.advance(confirmMs);
  strictEqual(stage.state(), "offline link_dead");
  const ended = new FleetStage();
  await ended.registry.load();
  await ended.register();
  ended.board.handlePast(drone, { loginAtMs: 5, end: { atMs: 6, code: "draining", detail: "d" } });
  equal(ended.fleet.standing(drone).presence, { state: "offline", sinceMs: 6, reason: "draining", detail: "d" });
});
