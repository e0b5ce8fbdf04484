import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import { bodyBytesMax } from "./limits.ts";
import { fleetMetrics } from "./metrics.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { FleetStage } from "./testing/stage.ts";

const guide = { vehicle_id: "drone-001", type: "fixed-wing", name: "Survey Alpha" };
const path = "/v1/vehicles/drone-001";

async function codeOf(response: Response): Promise<string> {
  const { code, status } = await response.json();
  strictEqual(status, response.status);
  return `${status} ${code}`;
}

Deno.test("a vehicle is registered as the guide shows; the same again is 200, other content 409", async () => {
  const stage = await new FleetStage().begin();
  const post = (body: unknown) => stage.ask("/v1/vehicles", { method: "POST", body });
  const first = await post(guide);
  strictEqual(first.status, 201);
  const { vehicle_id: id, registered, presence, tags, groups } = await first.json();
  equal([id, registered, presence.state, tags, groups], ["drone-001", true, "never_seen", {}, []]);
  const again = await post(guide);
  equal([again.status, again.headers.get("etag")], [200, first.headers.get("etag")]);
  strictEqual(await codeOf(await post({ ...guide, name: "Other" })), "409 registered_otherwise");
});

Deno.test("what is wrong with a registration is named with its place", async () => {
  const stage = await new FleetStage().begin();
  const post = (body: unknown) => stage.ask("/v1/vehicles", { method: "POST", body });
  for (const part of [{ vehicle_id: "a b" }, { type: "X" }, { name: "" }, { groups: ["a b"] }, { color: "red" }]) {
    const answer = await post({ ...guide, ...part });
    const { code, pointer } = await answer.json();
    equal([answer.status, code], [422, "bad_query"]);
    ok("color" in part || pointer.startsWith(`/${Object.keys(part)[0]}`), pointer);
  }
  strictEqual(await codeOf(await post("{")), "400 bad_request");
  strictEqual(await codeOf(await post({ ...guide, name: "x".repeat(bodyBytesMax) })), "413 too_large");
  strictEqual((await stage.ask("/v1/vehicles", { method: "POST" })).status, 400);
  strictEqual((await stage.ask("/v1/vehicles?x=1", { method: "POST", body: guide })).status, 422);
});

Deno.test("a change wants the reading it was made from, and overwrites nobody's", async () => {
  const stage = await new FleetStage().begin();
  await stage.ask("/v1/vehicles", { method: "POST", body: { ...guide, tags: { site: "north" } } });
  const etag = (await stage.ask(path)).headers.get("etag") ?? "";
  const patch = (body: unknown, headers: Record<string, string> = {}) =>
    stage.ask(path, { method: "PATCH", body, headers });
  strictEqual(await codeOf(await patch({ name: "New" })), "428 precondition_required");
  const done = await patch({ name: "New", tags: { site: null, pilot: "a" } }, { "if-match": etag });
  const { name, tags } = await done.json();
  equal([done.status, name, tags], [200, "New", { pilot: "a" }]);
  strictEqual(await codeOf(await patch({ name: "Late" }, { "if-match": etag })), "412 changed_meanwhile");
  strictEqual((await patch({ groups: ["g"] }, { "if-match": "*" })).status, 200);
  strictEqual((await patch({ vehicle_id: "x" }, { "if-match": "*" })).status, 422);
  const media = { "content-type": "application/merge-patch+json", "if-match": "*" };
  strictEqual((await patch({ name: "Merged" }, media)).status, 200);
});

Deno.test("an archived vehicle stays to be seen, apart from the others", async () => {
  const stage = await new FleetStage().begin();
  await stage.ask("/v1/vehicles", { method: "POST", body: guide });
  const gone = await stage.ask(path, { method: "DELETE" });
  equal([gone.status, (await gone.json()).registered], [200, false]);
  strictEqual((await stage.ask(path, { method: "DELETE" })).status, 200);
  const listed = async (query: string) => (await (await stage.ask(`/v1/vehicles${query}`)).json()).vehicles.length;
  equal([await listed(""), await listed("?archived=true")], [0, 1]);
  ok((await (await stage.ask(path)).json()).archived_at !== null);
  strictEqual((await stage.ask("/v1/vehicles/nobody", { method: "DELETE" })).status, 404);
});

Deno.test("lists go page by page, and a cursor of another question is refused", async () => {
  const stage = await new FleetStage().begin();
  for (const id of ["a", "b", "c"]) {
    await stage.ask("/v1/vehicles", { method: "POST", body: { ...guide, vehicle_id: id, groups: ["g"] } });
  }
  const list = async (query: string) => await (await stage.ask(`/v1/vehicles?group=g&${query}`)).json();
  const first = await list("limit=2");
  equal(first.vehicles.map(({ vehicle_id: id }: { vehicle_id: string }) => id), ["a", "b"]);
  const second = await list(`limit=2&cursor=${first.next_cursor}`);
  equal([second.vehicles.length, second.next_cursor], [1, null]);
  strictEqual(await codeOf(await stage.ask(`/v1/vehicles?cursor=${first.next_cursor}`)), "422 bad_query");
  for (const bad of ["limit=0", "limit=1001", "state=here", "archived=maybe", "x=1"]) {
    strictEqual((await stage.ask(`/v1/vehicles?${bad}`)).status, 422, bad);
  }
});

Deno.test("one vehicle is shown with its ledger, also while the store is away, and one that waits as well", async () => {
  const stage = await new FleetStage().begin();
  strictEqual(await codeOf(await stage.ask(path)), "404 not_found");
  stage.up();
  const waiting = await stage.ask(path);
  const view = await waiting.json();
  equal([waiting.headers.get("etag"), view.registered, view.presence.state], [null, false, "awaiting_registration"]);
  await stage.register();
  stage.account = new Error("the store is away");
  const { ledger, link } = await (await stage.ask(path)).json();
  equal([ledger, link.relay], [null, "relay-1"]);
  stage.documents.isAway = true;
  strictEqual(await codeOf(await stage.ask(path)), "503 unavailable");
  strictEqual((await stage.ask("/v1/vehicles")).status, 200);
});

Deno.test("why a vehicle is silent is explained whether anybody registered it or not", async () => {
  const stage = await new FleetStage().begin();
  stage.refuse("unknown_issuer");
  const { cause, findings, vehicle } = await (await stage.ask(`${path}/explain`)).json();
  equal([cause.check, cause.cause, findings.length, vehicle.presence.state], ["login", "unknown_issuer", 6, "refused"]);
  await stage.register();
  stage.up();
  stage.digest();
  stage.account = undefined;
  strictEqual((await (await stage.ask(`${path}/explain`)).json()).cause.check, "ledger");
  strictEqual((await stage.ask("/v1/vehicles/a%20b/explain")).status, 422);
});

Deno.test("nobody gets in without a token, and the document and health are for all", async () => {
  const stage = await new FleetStage().begin();
  const bare = { headers: { authorization: "Bearer wrong" } };
  for (const [method, where] of [["GET", "/v1/vehicles"], ["POST", "/v1/vehicles"], ["DELETE", path]]) {
    strictEqual((await stage.ask(where, { ...bare, method })).status, 401, where);
  }
  equal([(await stage.ask("/healthz", bare)).status, (await stage.ask("/nothing", bare)).status], [200, 404]);
  const document = await (await stage.ask("/openapi.json", bare)).json();
  equal(Object.keys(document.paths), ["/v1/vehicles", "/v1/vehicles/{id}", "/v1/vehicles/{id}/explain"]);
});

Deno.test("metrics count answers and vehicles by state", async () => {
  const stage = await new FleetStage().begin();
  await stage.register();
  stage.up(drone);
  await stage.ask("/v1/vehicles");
  await stage.ask("/v1/none");
  const text = fleetMetrics(stage.counts, stage.fleet.census());
  for (const line of ['fleet_answers_total{status="200"} 1', 'fleet_vehicles{state="online"} 1']) {
    ok(text.includes(line), text);
  }
});
