import { deepEqual, equal, throws } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseRelayConfig } from "./config.ts";

const least = `
name: relay-1
node: relay-1.test
certificate: relay.crt
key: relay.key
vehicle_roots: [root.crt]
nats: { servers: ["127.0.0.1:4222"], user: relay, password: secret }
`;

const exampleText = () => readFile(new URL("relay.example.yaml", import.meta.url), "utf8");

Deno.test("the example is good and shows the defaults", async () => {
  const example = parseRelayConfig(await exampleText(), "example");
  const defaults = parseRelayConfig(least, "relay.yaml");
  deepEqual(example.limits, defaults.limits);
  deepEqual(example.log, defaults.log);
  deepEqual([example.listen, example.private_address], [defaults.listen, defaults.private_address]);
  equal(example.shards, 1);
});

Deno.test("addresses may be names, IPv4, or IPv6 in brackets", () => {
  deepEqual(parseRelayConfig(`${least}listen: "[::1]:4433"`, "f").listen, { host: "::1", port: 4433 });
  deepEqual(parseRelayConfig(`${least}listen: localhost:0`, "f").listen, { host: "localhost", port: 0 });
});

Deno.test("links over TCP are taken at an address of their own, or not at all", () => {
  equal(parseRelayConfig(least, "f").listen_tcp, undefined);
  equal(parseRelayConfig(`${least}listen_tcp: "off"`, "f").listen_tcp, "off");
  deepEqual(parseRelayConfig(`${least}listen_tcp: 127.0.0.1:8443`, "f").listen_tcp, { host: "127.0.0.1", port: 8443 });
});

Deno.test("every fault is named with its place, unknown keys among them", () => {
  const text = `${least.replace("name: relay-1", "name: a.b")}listen: nowhere\nprot: 1\nlimits: { links: 0 }\n`;
  throws(() => parseRelayConfig(text, "relay.yaml"), (fault: Error) => {
    for (const part of ["relay.yaml:2:1: /name", "/listen: wanted host:port", "/prot: unknown key", "/limits/links"]) {
      equal(fault.message.includes(part), true, `${part} in:\n${fault.message}`);
    }
    return true;
  });
});

Deno.test("exactly one way to the password is wanted", () => {
  throws(
    () => parseRelayConfig(least.replace("password: secret", "password: a, password_file: b"), "f"),
    /exactly one/,
  );
  throws(() => parseRelayConfig(least.replace(", password: secret", ""), "f"), /exactly one/);
});

const guarded = `${least}vehicle_issuers: [a.crt, b.crt]
revocation:
  crls:
    - { issuer: b.crt, file: b.crl }
    - { issuer: a.crt, url: "https://ca.example.com/crl" }
`;

Deno.test("revocation is off unless it is configured, and then has defaults", async () => {
  equal(parseRelayConfig(least, "f").revocation, undefined);
  const { crls, ...terms } = parseRelayConfig(guarded, "f").revocation ?? {};
  equal(crls?.length, 2);
  const { crls: _, ...shown } = parseRelayConfig(await exampleText(), "example").revocation ?? {};
  deepEqual(terms, shown);
  deepEqual(terms, { poll_seconds: 60, login_grace_seconds: 3600, session_grace_seconds: 86_400 });
});

Deno.test("every vehicle issuer has one list, at one place, by terms that make sense", () => {
  const faults: [string, string, RegExp][] = [
    ["b.crt, file", "c.crt, file", /revocation.crls: wanted one entry for each/],
    ["b.crt, file", "a.crt, file", /revocation.crls: wanted one entry for each/],
    ["vehicle_issuers: [a.crt, b.crt]\n", "", /revocation.crls: wanted one entry for each/],
    ["file: b.crl", 'file: b.crl, url: "http://ca/crl"', /exactly one of url and file/],
    [", file: b.crl", "", /exactly one of url and file/],
    ["https:", "ftp:", /url/],
    ["  crls:", "  poll_seconds: 301\n  crls:", /poll_seconds/],
    ["  crls:", "  login_grace_seconds: 90000\n  crls:", /longer than session_grace_seconds/],
  ];
  for (const [from, to, wanted] of faults) {
    throws(() => parseRelayConfig(guarded.replace(from, to), "f"), wanted, `${from} -> ${to}`);
  }
});
