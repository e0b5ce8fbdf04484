import { match, notStrictEqual, strictEqual } from "node:assert/strict";
import { hubPlan, leafPlan, newPassword, newPasswords } from "./nats.ts";

const options = {
  binary: "nats-server",
  ports: { client: 4222, monitor: 8222, leaf: 7422 },
  passwords: { leaf: "pl", relay: "pr", ingest: "pi", query: "pq", admin: "pa" },
  logFile: "log",
};

Deno.test("each server is given only the passwords of its own roles", () => {
  const hub = hubPlan("store", options);
  const leaf = leafPlan(7422, { ...options, ports: { client: 4223, monitor: 8223, leaf: 0 } });
  strictEqual(hub.env?.NATS_RELAY_PASSWORD, undefined);
  for (const role of ["INGEST", "QUERY", "ADMIN"]) strictEqual(leaf.env?.[`NATS_${role}_PASSWORD`], undefined);
  strictEqual(leaf.env?.NATS_HUB_URL, "nats-leaf://leaf:pl@127.0.0.1:7422");
});

Deno.test("passwords begin with a letter and differ", () => {
  match(newPassword(), /^p[0-9a-f]{48}$/);
  notStrictEqual(newPassword(), newPassword());
  strictEqual(new Set(Object.values(newPasswords())).size, 5);
});
