import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert/strict";
import { clusterNodePlan, hubPlan, leafPlan, newPassword, newPasswords } from "./nats.ts";

const options = {
  binary: "nats-server",
  ports: { client: 4222, monitor: 8222, leaf: 7422 },
  passwords: {
    leaf: "pl",
    relay: "pr",
    ingest: "pi",
    query: "pq",
    fleet: "pf",
    commands: "pc",
    auth: "pt",
    revocation: "pv",
    admin: "pa",
  },
  logFile: "log",
};

Deno.test("each server is given only the passwords of its own roles", () => {
  const hub = hubPlan("store", options);
  const leaf = leafPlan([7422, 7423], { ...options, ports: { client: 4223, monitor: 8223, leaf: 0 } });
  strictEqual(hub.env?.NATS_RELAY_PASSWORD, undefined);
  for (const role of ["INGEST", "QUERY", "ADMIN"]) strictEqual(leaf.env?.[`NATS_${role}_PASSWORD`], undefined);
  deepStrictEqual(JSON.parse(leaf.env?.NATS_HUB_URLS ?? ""), [
    "nats-leaf://leaf:pl@127.0.0.1:7422",
    "nats-leaf://leaf:pl@127.0.0.1:7423",
  ]);
});

Deno.test("a node of a cluster is a hub that knows the way to the others", () => {
  const node = { name: "hub-2", routePort: 6222, advertisedPort: 1, peerPorts: [6221, 6223] };
  const { name, args, env = {} } = clusterNodePlan(node, { ...options, store: "store" });
  const { env: single = {} } = hubPlan("store", options);
  match(args[1], /hub_cluster\.conf$/);
  deepStrictEqual([name, env.NATS_NAME, env.NATS_STORE], ["hub-2", "hub-2", single.NATS_STORE]);
  deepStrictEqual([env.NATS_CLUSTER_LISTEN, env.NATS_CLUSTER_ADVERTISE], ["127.0.0.1:6222", "127.0.0.1:1"]);
  deepStrictEqual(JSON.parse(env.NATS_CLUSTER_ROUTES), [
    "nats-route://node:pl@127.0.0.1:6221",
    "nats-route://node:pl@127.0.0.1:6223",
  ]);
});

Deno.test("passwords begin with a letter and differ", () => {
  match(newPassword(), /^p[0-9a-f]{48}$/);
  notStrictEqual(newPassword(), newPassword());
  const passwords = Object.values(newPasswords());
  strictEqual(new Set(passwords).size, passwords.length);
});
