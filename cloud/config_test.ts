import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { parseCloudConfig } from "./config.ts";

const minimal = `
nats: { servers: ["127.0.0.1:4222"], user: ingest, password: p1 }
store: { kind: sqlite, path: data/telemetry.db }
access: { token_sha256_file: token.sha256 }
`;

Deno.test("a minimal file is filled with defaults", () => {
  const config = parseCloudConfig(minimal, "cloud.yaml");
  strictEqual(config.query.address, "127.0.0.1:8081");
  strictEqual(config.log.level, "info");
});

Deno.test("an instance is called as the file says, else as its machine", () => {
  const nameOn = (hostname: string, text = minimal) => parseCloudConfig(text, "cloud.yaml", hostname).instance;
  strictEqual(nameOn("telemetry-ingest-7c9f-x2x4v"), "telemetry-ingest-7c9f-x2x4v");
  strictEqual(nameOn("node 1.example.com"), "node-1-example-com");
  strictEqual(nameOn("..."), "cloud");
  strictEqual(nameOn(`-${"x".repeat(99)}`), "x".repeat(64));
  strictEqual(nameOn("host", `${minimal}\ninstance: own\n`), "own");
});

Deno.test("production checks the proofs of sessions", () => {
  const store = 'store: { kind: questdb, url: "http://q:9000" }';
  const text = `environment: production\n${minimal.replace(/^store:.*$/m, store)}`;
  throws(() => parseCloudConfig(text, "cloud.yaml"), /ingest\/vehicle_roots/);
  const config = parseCloudConfig(`${text}\ningest: { vehicle_roots: [root.crt] }`, "cloud.yaml");
  deepStrictEqual(config.ingest, { vehicle_roots: ["root.crt"] });
});

Deno.test("the embedded store is refused in production", () => {
  throws(() => parseCloudConfig(`environment: production\n${minimal}`, "cloud.yaml"), /sqlite is the embedded store/);
});

Deno.test("the log has as many copies as a cluster can keep a majority of", () => {
  const withReplicas = (count: number) => minimal.replace("ingest,", `ingest, replicas: ${count},`);
  strictEqual(parseCloudConfig(minimal, "cloud.yaml").nats.replicas, 1);
  strictEqual(parseCloudConfig(withReplicas(3), "cloud.yaml").nats.replicas, 3);
  for (const count of [0, 2, 7]) {
    throws(() => parseCloudConfig(withReplicas(count), "cloud.yaml"), /nats\/replicas: .*1\|3\|5/);
  }
});

Deno.test("the watch over revocations is wanted with what it watches, or not at all", () => {
  const services = "\nservices: [ingest, revocation]\n";
  const watch = 'revocation: { crls: ["http://ca/1.0/crl"], nats: { user: revocation, password: p } }\n';
  throws(() => parseCloudConfig(`${minimal}${services}`, "cloud.yaml"), /revocation: .*wants to know what to watch/);
  strictEqual(parseCloudConfig(`${minimal}${services}${watch}`, "cloud.yaml").revocation?.poll_ms, 500);
  strictEqual(parseCloudConfig(minimal, "cloud.yaml").services.includes("revocation"), false);
  throws(() => parseCloudConfig(`${minimal}${watch.replace("http", "ftp")}`, "cloud.yaml"), /revocation\/crls/);
});

Deno.test("the fleet service is wanted with its account, or not at all", () => {
  const services = "\nservices: [ingest, fleet]\n";
  const fleet = "fleet: { nats: { user: fleet, password: p } }\n";
  throws(() => parseCloudConfig(`${minimal}${services}`, "cloud.yaml"), /fleet: .*where to listen/);
  strictEqual(parseCloudConfig(`${minimal}${services}${fleet}`, "cloud.yaml").fleet?.address, "127.0.0.1:8080");
});

Deno.test("unknown services and keys are named", () => {
  throws(() => parseCloudConfig(`${minimal}\nservices: [video]\n`, "cloud.yaml"), /services/);
  throws(() => parseCloudConfig(`${minimal}\nstroe: 1\n`, "cloud.yaml"), /stroe/);
});
