import { deepStrictEqual } from "node:assert/strict";
import { parseCloudConfig } from "../config.ts";
import { permissionsOf } from "./permissions.ts";

function configWith(store: string, query = "") {
  return parseCloudConfig(
    `nats: { servers: ["a:4222", "nats://u:p@b"], user: u, password: p }
store: ${store}
access: { token_sha256_file: /etc/token }
query: { ${query} }`,
    "cloud.yaml",
  );
}

Deno.test("ingest reaches NATS and its store, and nothing else", () => {
  deepStrictEqual(permissionsOf("ingest", configWith("{ kind: sqlite, path: /data/t.db }")), {
    net: ["a:4222", "b:4222"],
    read: ["/data"],
    write: ["/data"],
  });
  deepStrictEqual(permissionsOf("ingest", configWith('{ kind: questdb, url: "http://q:9000" }')), {
    net: ["q:9000", "a:4222", "b:4222"],
    read: [],
    write: [],
  });
});

Deno.test("ingest reads whose vehicles' proofs count", () => {
  const ingest = "\ningest: { vehicle_roots: [/pki/root.crt], vehicle_issuers: [/pki/a.crt, /pki/b.crt] }";
  const { read } = permissionsOf("ingest", configWith('{ kind: questdb, url: "http://q:9000" }', ` }${ingest} #`));
  deepStrictEqual(read, ["/pki/root.crt", "/pki/a.crt", "/pki/b.crt"]);
});

Deno.test("the watch over revocations reaches NATS and the authorities, and no store", () => {
  const watch = 'revocation: { crls: ["http://ca:9002/1.0/crl"], nats: { user: r, password: p } }';
  const config = parseCloudConfig(
    `nats: { servers: ["a:4222"], user: u, password: p }
store: { kind: sqlite, path: /data/t.db }
${watch}`,
    "cloud.yaml",
  );
  deepStrictEqual(permissionsOf("revocation", config), { net: ["a:4222", "ca:9002"], read: [], write: [] });
});

Deno.test("the fleet service listens, reaches NATS, and reads the store and its token's hash", () => {
  const fleet = "fleet: { address: 127.0.0.1:8080, nats: { user: fleet, password: p } }";
  const config = parseCloudConfig(
    `nats: { servers: ["a:4222"], user: u, password: p }
store: { kind: questdb, url: "http://q:9000" }
access: { token_sha256_file: /etc/token }
${fleet}`,
    "cloud.yaml",
  );
  const socket = "/tmp/systemscale-fleet-8080.sock";
  deepStrictEqual(permissionsOf("fleet", config), {
    net: ["q:9000", "127.0.0.1:8080", `unix:${socket}`, "a:4222"],
    read: ["/etc/token", socket],
    write: [socket],
  });
});

const socket = "/tmp/systemscale-query-8081.sock";

Deno.test("query listens, reads its token's hash, and reaches NATS only with an account of its own", () => {
  deepStrictEqual(permissionsOf("query", configWith('{ kind: questdb, url: "https://q" }')), {
    net: ["q:443", "127.0.0.1:8081", `unix:${socket}`],
    read: ["/etc/token", socket],
    write: [socket],
  });
  const asking = configWith('{ kind: questdb, url: "https://q" }', "nats: { user: query, password: p }");
  deepStrictEqual(permissionsOf("query", asking).net, [
    "q:443",
    "127.0.0.1:8081",
    `unix:${socket}`,
    "a:4222",
    "b:4222",
  ]);
});
