import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { z } from "zod";
import { Fault } from "../errors.ts";
import { parseConfig } from "./config.ts";

const schema = z.strictObject({
  name: z.string(),
  relay: z.strictObject({ port: z.number().int().min(1), hosts: z.array(z.string()) }),
});

function faultsOf(text: string): string[] {
  try {
    parseConfig(text, { schema, file: "a.yaml" });
  } catch (error) {
    ok(error instanceof Fault);
    strictEqual(error.code, "bad_config");
    return error.message.split("\n");
  }
  return [];
}

Deno.test("a good file becomes a frozen value", () => {
  const config = parseConfig("name: a\nrelay: { port: 443, hosts: [x] }\n", { schema, file: "a.yaml" });
  deepStrictEqual(config, { name: "a", relay: { port: 443, hosts: ["x"] } });
  ok(Object.isFrozen(config.relay.hosts));
});

Deno.test("every fault is named with its line and column, in the order of the file", () => {
  const faults = faultsOf("name: 7\nrelay:\n  port: 0\n  hosts: [x, 3]\n  colour: red\n");
  deepStrictEqual(faults.map((line) => line.split(": ").slice(0, 2).join(" ")), [
    "a.yaml:1:1 /name",
    "a.yaml:3:3 /relay/port",
    "a.yaml:4:14 /relay/hosts/1",
    "a.yaml:5:3 /relay/colour",
  ]);
});

Deno.test("a missing key is told at its parent, a syntax error at its place", () => {
  deepStrictEqual(faultsOf("name: a\nrelay:\n  port: 1\n").map((line) => line.split(": ")[0]), ["a.yaml:2:1"]);
  strictEqual(faultsOf("name: a\nname: b\n").length, 1);
  ok(faultsOf("name: [a\n")[0].startsWith("a.yaml:"));
  ok(faultsOf("")[0].startsWith("a.yaml:1:1: /name"));
});

Deno.test("anything that is no map is a fault", () => {
  for (const text of ["- a", "7", "null", "'x"]) throws(() => parseConfig(text, { schema, file: "a.yaml" }), Fault);
});
