import { deepEqual, equal } from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { RedirectSchema } from "#proto/gen/systemscale/link/v1/login_pb.ts";
import { readTargets, RelayTargets } from "./relay_targets.ts";

const trust = ["pem"];
const relays = ["a", "b"].map((node) => ({ host: `10.0.0.1`, port: 443, node: `${node}.relay.example`, trust }));
const nowMs = 1_780_000_000_000;
const now = { uptimeMs: 0, wallNs: BigInt(nowMs) * 1_000_000n };

function targets(): RelayTargets {
  return new RelayTargets({ relays, redirectDomains: ["nodes.example"] });
}

function redirectTo(node: string, expiresAtMs = nowMs + 1000) {
  return create(RedirectSchema, { node, port: 4433, expiresAtMs: BigInt(expiresAtMs) });
}

Deno.test("redirects may lead below configured names, never below addresses", () => {
  const targets = readTargets([{ host: "relay.example", port: 443 }, { host: "127.0.0.1", port: 4433 }], ["pem"]);
  deepEqual(targets.redirectDomains, ["relay.example"]);
  equal(targets.relays[1].node, "127.0.0.1");
});

Deno.test("relays take turns when they fail", () => {
  const list = targets();
  const seen = [0, 1, 2].map(() => {
    const { node } = list.next(now).target;
    list.handleFailed();
    return node;
  });
  equal(seen.join(), "a.relay.example,b.relay.example,a.relay.example");
});

Deno.test("a redirect holds until it expires", () => {
  const list = targets();
  equal(list.handleRedirect(redirectTo("n7.nodes.example"), relays[0], now), true);
  equal(list.next(now).target.host, "n7.nodes.example");
  equal(list.next(now).target.port, 4433);
  const later = { uptimeMs: 0, wallNs: now.wallNs + 1_000_000_000n };
  equal(list.next(later).target.node, "a.relay.example");
});

Deno.test("a redirect for one dial is used once", () => {
  const list = targets();
  list.handleRedirect(redirectTo("n7.nodes.example", 0), relays[0], now);
  equal(list.next(now).target.node, "n7.nodes.example");
  list.handleLinked();
  equal(list.next(now).target.node, "a.relay.example");
});

Deno.test("a relay that refused is left alone while another may be tried", () => {
  const list = targets();
  list.handleFailed(50);
  equal(list.next(now).target.node, "b.relay.example");
  list.handleFailed(20);
  deepEqual([list.next(now).target.node, list.next(now).notBeforeMs], ["b.relay.example", 20]);
  equal(list.next({ ...now, uptimeMs: 60 }).target.node, "b.relay.example");
});

Deno.test("a redirect to a configured relay keeps its address", () => {
  const list = targets();
  list.handleRedirect(redirectTo("b.relay.example"), relays[0], now);
  equal(list.next(now).target.host, "10.0.0.1");
});

Deno.test("a redirect that fails is forgotten", () => {
  const list = targets();
  list.handleRedirect(redirectTo("n7.nodes.example"), relays[0], now);
  list.handleFailed();
  equal(list.next(now).target.node, "a.relay.example");
});

Deno.test("a redirect out of the configured domains is not followed", () => {
  for (const node of ["evil.example", "nodes.example", "xnodes.example", "nodes.example.evil"]) {
    equal(targets().handleRedirect(redirectTo(node), relays[0], now), false, node);
  }
});
