import { match, strictEqual } from "node:assert/strict";
import { javaVersionFault } from "./questdb_files.ts";

Deno.test("old Java runtimes are refused with their version", () => {
  strictEqual(javaVersionFault('openjdk version "17.0.15" 2025-04-15'), undefined);
  match(javaVersionFault('java version "1.8.0_412"') ?? "", /Java 1 is older than 17/);
  match(javaVersionFault("nothing") ?? "", /no version/);
});
