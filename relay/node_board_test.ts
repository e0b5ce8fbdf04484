import { deepStrictEqual as equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { parseRelayName } from "#proto/ids.ts";
import { nodeCrowdLinks, nodeSilenceMs, nodesMax } from "./limits.ts";
import { NodeBoard, type NodeState } from "./node_board.ts";

const state = (at: number, other: Partial<NodeState> = {}): NodeState => ({
  ...{ node: `n${at}.relay.test`, port: 443, ready: true, links: 0, linksMax: 1000 },
  ...other,
});
const tell = (board: NodeBoard, at: number, other: Partial<NodeState> = {}, nowMs = 0) =>
  board.handleState({ relay: parseRelayName(`relay-${at}`), shard: 0 }, state(at, other), nowMs);

function boardOf(count: number): NodeBoard {
  const board = new NodeBoard();
  for (let at = 0; at < count; at++) tell(board, at);
  return board;
}

const vehicles = Array.from({ length: 600 }, (_, at) => `drone-${at}`);
const nodesOf = (board: NodeBoard, nowMs = 0) => vehicles.map((vehicle) => board.nodeFor(vehicle, nowMs)?.node);

Deno.test("a fleet spreads over the nodes, and each vehicle comes back to its own", () => {
  const board = boardOf(4);
  const nodes = nodesOf(board);
  equal(nodes, nodesOf(board));
  for (let at = 0; at < 4; at++) {
    const count = nodes.filter((node) => node === `n${at}.relay.test`).length;
    ok(count > 100 && count < 200, `node ${at} has ${count} of ${vehicles.length}`);
  }
});

Deno.test("a node that comes takes some from all, one that goes leaves its own to all, and nobody else moves", () => {
  const [few, many] = [nodesOf(boardOf(3)), nodesOf(boardOf(4))];
  many.forEach((node, at) => ok(node === few[at] || node === "n3.relay.test"));
  ok(many.includes("n3.relay.test"));
});

Deno.test("nobody is sent to a node that is not ready, silent, full, no address, or to be left", () => {
  const cases: [string, Partial<NodeState>][] = [
    ["not ready", { ready: false }],
    ["full", { links: 1000 }],
    ["no name", { node: "" }],
    ["no name of a node", { node: "n1.relay.test/../x" }],
    ["no port", { port: 0 }],
    ["no port either", { port: 65_536 }],
  ];
  for (const [why, other] of cases) {
    const board = new NodeBoard();
    tell(board, 1, other);
    equal(board.nodeFor("drone-1", 0), undefined, why);
  }
  const board = boardOf(1);
  equal(board.nodeFor("drone-1", 0, "n0.relay.test"), undefined);
  equal([board.nodeFor("drone-1", nodeSilenceMs)?.node, board.readyNodes(nodeSilenceMs)], ["n0.relay.test", 1]);
  equal([board.nodeFor("drone-1", nodeSilenceMs + 1), board.readyNodes(nodeSilenceMs + 1)], [undefined, 0]);
});

Deno.test("what a node says last counts", () => {
  const board = boardOf(1);
  tell(board, 0, { ready: false });
  equal(board.nodeFor("drone-1", 0), undefined);
});

Deno.test("a node that is far above the others gets nobody more until they have caught up", () => {
  const board = boardOf(2);
  tell(board, 0, { links: 500 });
  equal(new Set(nodesOf(board)), new Set(["n1.relay.test"]));
  tell(board, 1, { links: 500 - nodeCrowdLinks });
  equal(new Set(nodesOf(board)).size, 2);
});

Deno.test("while any node has room, every vehicle is sent somewhere, and never where it may not go", () => {
  const links = fc.array(fc.record({ links: fc.nat(12), ready: fc.boolean() }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(links, fc.string(), (nodes, vehicle) => {
    const board = new NodeBoard();
    nodes.forEach((other, at) => tell(board, at, { ...other, linksMax: 10 }));
    const open = nodes.flatMap(({ links, ready }, at) => ready && links < 10 ? `n${at}.relay.test` : []);
    const found = board.nodeFor(vehicle, 0)?.node;
    equal(found !== undefined, open.length > 0);
    ok(found === undefined || open.includes(found));
  }));
});

Deno.test("the memory for nodes is bounded: who was silent for longest goes", () => {
  const board = boardOf(nodesMax + 5);
  equal(board.readyNodes(0), nodesMax);
});
