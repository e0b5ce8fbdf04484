import { deepStrictEqual as equal, ok, strictEqual } from "node:assert/strict";
import type { Log } from "#proto/ports.ts";
import { keepRetryMs, refusalKeepMs } from "./limits.ts";
import { PastKeeper } from "./past_keeper.ts";
import { drone } from "../lib/links/testing/board_stage.ts";
import { FleetStage } from "./testing/stage.ts";
import { MemoryDocuments } from "../lib/documents/testing/memory_documents.ts";

function keeperOf(stage: FleetStage, documents = new MemoryDocuments()) {
  const warnings: string[] = [];
  const say = (message: string) => warnings.push(message);
  const log: Log = { debug() {}, info() {}, warn: say, error: say };
  const isRegistered = stage.registry.isRegistered.bind(stage.registry);
  const keeper = new PastKeeper({ documents, board: () => stage.board, isRegistered, clock: stage.clock, log });
  const pass = () => stage.news.splice(0).forEach((news) => keeper.handleNews(news));
  return { keeper, documents, warnings, pass };
}

Deno.test("another run of the service knows since when a vehicle is offline, and why", async () => {
  const stage = await new FleetStage().begin();
  await stage.register();
  const { keeper, documents, pass } = keeperOf(stage);
  stage.up();
  stage.down("draining");
  pass();
  await keeper.flush();
  const next = await new FleetStage().begin();
  await next.register();
  await keeperOf(next, documents).keeper.load();
  equal(next.board.of(drone).past, stage.board.of(drone).past);
  strictEqual(next.state(), "offline draining");
});

Deno.test("what could not be written is written later, and told", async () => {
  const stage = await new FleetStage().begin();
  const { keeper, documents, warnings, pass } = keeperOf(stage);
  stage.up();
  pass();
  documents.isAway = true;
  await keeper.flush();
  strictEqual(warnings.length, 1);
  documents.isAway = false;
  await keeper.flush();
  ok(await documents.read(drone) !== undefined);
});

Deno.test("refusals under nobody's name cost no disk, and others little", async () => {
  const stage = await new FleetStage().begin();
  const { keeper, documents, pass } = keeperOf(stage);
  stage.refuse();
  pass();
  await keeper.flush();
  strictEqual(await documents.read(drone), undefined);
  await stage.register();
  const countKept = async () => {
    stage.refuse();
    pass();
    await keeper.flush();
    return JSON.parse((await documents.read(drone))?.text ?? "{}").refusal?.count;
  };
  equal([await countKept(), await countKept()], [2, 2]);
  await stage.clock.advance(refusalKeepMs);
  strictEqual(await countKept(), 4);
});

Deno.test("what was written by somebody else and cannot be read is told, and nothing is lost by it", async () => {
  const stage = await new FleetStage().begin();
  const documents = new MemoryDocuments();
  await documents.put(drone, '{"loginAtMs": "yesterday"}');
  await documents.put("rover-1", '{"loginAtMs": 7}');
  const { keeper, warnings } = keeperOf(stage, documents);
  await keeper.load();
  equal([warnings.length, [...stage.board.vehicles]], [1, ["rover-1"]]);
});

Deno.test("it writes while it runs, and once more at its end", async () => {
  const stage = await new FleetStage().begin();
  const { keeper, documents, pass } = keeperOf(stage);
  const stopping = new AbortController();
  const running = keeper.run(stopping.signal);
  stage.up();
  pass();
  await stage.clock.advance(1);
  ok(await documents.read(drone) !== undefined);
  documents.isAway = true;
  stage.down("draining");
  pass();
  await stage.clock.advance(1);
  documents.isAway = false;
  await stage.clock.advance(keepRetryMs);
  strictEqual(JSON.parse((await documents.read(drone))?.text ?? "{}").end.code, "draining");
  stage.up();
  stage.down("busy");
  pass();
  stopping.abort();
  await stage.clock.run(running);
  strictEqual(JSON.parse((await documents.read(drone))?.text ?? "{}").end.code, "busy");
});
