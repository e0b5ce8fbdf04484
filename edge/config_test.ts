import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { parseAgentConfig } from "./config.ts";

const minimal = `vehicle_id: drone-001
certificate: v.crt
key: v.key
roots: [r.crt]
relay: { addresses: ["localhost:4433", "[::1]:443"] }
ring: { path: ring }
`;

Deno.test("the example file is valid", () => {
  const text = Deno.readTextFileSync(new URL("./agent.example.yaml", import.meta.url));
  strictEqual(parseAgentConfig(text, "agent.example.yaml").vehicle_id, "drone-001");
});

Deno.test("a minimal file is filled with defaults", () => {
  const config = parseAgentConfig(minimal, "agent.yaml");
  strictEqual(config.ring.bytes, 512 * 1024 * 1024);
  deepStrictEqual(config.sdk.address, { host: "127.0.0.1", port: 7777 });
  deepStrictEqual(config.relay.addresses, [{ host: "localhost", port: 4433 }, { host: "::1", port: 443 }]);
});

Deno.test("every fault is told in one message, with its place", () => {
  const text = `vehicle_id: "no spaces"
key: v.key
roots: []
relay: { addresses: ["nowhere"] }
ring:
  path: ring
  bytes: 3 MB
colour: red
`;
  throws(() => parseAgentConfig(text, "agent.yaml"), (error) => {
    ok(error instanceof Fault);
    const faults = error.message.split("\n");
    strictEqual(faults.length, 6, error.message);
    for (
      const expected of [
        /:1:1: \/vehicle_id/,
        /\/certificate/,
        /:3:1: \/roots/,
        /:4:\d+: \/relay\/addresses\/0/,
        /:7:3: \/ring\/bytes/,
        /:8:1: \/colour/,
      ]
    ) ok(faults.some((fault) => expected.test(fault)), `${expected} in ${error.message}`);
    return true;
  });
});

Deno.test("the API is for this machine only unless the file says otherwise", () => {
  const sdk = (more: string) => `${minimal}sdk: { address: "0.0.0.0:7777"${more} }\n`;
  throws(() => parseAgentConfig(sdk(""), "agent.yaml"), /allow_remote/);
  strictEqual(parseAgentConfig(sdk(", allow_remote: true"), "agent.yaml").sdk.address.host, "0.0.0.0");
});

Deno.test("sizes are numbers or have a unit", () => {
  const bytesOf = (bytes: string) =>
    parseAgentConfig(minimal.replace("path: ring", `path: ring, bytes: ${bytes}`), "a").ring.bytes;
  strictEqual(bytesOf("1.5GiB"), 1.5 * 1024 ** 3);
  strictEqual(bytesOf("16777216"), 16_777_216);
  throws(() => bytesOf("1KiB"), /16MiB/);
});
