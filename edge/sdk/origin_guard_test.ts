import { deepStrictEqual } from "node:assert/strict";
import { makeStage } from "./testing/stage.ts";

async function statusesOf(requests: readonly Record<string, string>[]): Promise<[string, number][]> {
  const { request } = makeStage();
  return await Promise.all(requests.map(async (headers): Promise<[string, number]> => {
    const { status } = await request("/healthz", { headers });
    return [Object.values(headers)[0], status];
  }));
}

Deno.test("this machine's own names are let in, with any port", async () => {
  const hosts = ["localhost", "LOCALHOST:7777", "127.0.0.1:1", "127.0.0.1", "[::1]:7777", "[::1]"];
  deepStrictEqual(await statusesOf(hosts.map((host) => ({ host }))), hosts.map((host) => [host, 200]));
});

Deno.test("a name that only leads to this machine is kept out", async () => {
  const hosts = [
    ...["evil.example:7777", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:7777:127.0.0.1"],
    ...[
      "192.168.1.7",
      "0.0.0.0",
      "[::]:7777",
      "[::1].evil.example",
      "",
      "localhost:evil.example",
      "user@localhost:1@x",
    ],
  ];
  deepStrictEqual(await statusesOf(hosts.map((host) => ({ host }))), hosts.map((host) => [host, 403]));
});

Deno.test("pages of other machines are kept out, and those without a name", async () => {
  const origins = [
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://evil.example:80",
    "file://",
  ];
  deepStrictEqual(await statusesOf(origins.map((origin) => ({ origin }))), origins.map((origin) => [origin, 403]));
  deepStrictEqual(await statusesOf([{ origin: "http://localhost:8085" }]), [["http://localhost:8085", 200]]);
});
