import { deepStrictEqual, match } from "node:assert/strict";
import { packages } from "./packages.ts";
import { messageOf } from "./testing/found.ts";

Deno.test("packages are pinned exactly", () => {
  const of = (address: string) => messageOf(packages, {}, { imports: { name: address } });
  deepStrictEqual(["npm:hono@4.13.19", "npm:@nats-io/kv@3.4.0", "./proto/"].map(of), [undefined, undefined, undefined]);
  match(of("npm:hono@^4.13.19") ?? "", /wanted npm:name@1\.2\.3/);
  match(of("npm:hono") ?? "", /wanted/);
  match(of("https://example.com/hono.ts") ?? "", /wanted/);
});
