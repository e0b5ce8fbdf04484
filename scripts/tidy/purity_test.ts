import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { purity } from "./purity.ts";
import { messageOf, placesOf } from "./testing/found.ts";

/** Whether the line breaks the rule in a pure file. */
function isImpure(line: string): boolean {
  return messageOf(purity, { "edge/a.ts": line }) !== undefined;
}

Deno.test("clocks, timers, chance, network and environment are the world", () => {
  for (
    const line of [
      "Deno.readTextFileSync(path);",
      "const now = Date.now();",
      "const now = new Date();",
      "const text = Date();",
      "const dice = Math.random();",
      "crypto.getRandomValues(bytes);",
      "const id = crypto.randomUUID();",
      "setTimeout(() => {}, 1);",
      "const answer = await fetch(url);",
      "console.log(1);",
      "const pid = process.pid;",
      "const clock = { performance };",
      "AbortSignal.timeout(5);",
      "globalThis.fetch(url);",
    ]
  ) strictEqual(isImpure(line), true, line);
});

Deno.test("computing is not, nor are types and other things of these names", () => {
  for (
    const line of [
      "const at = new Date(ms).toISOString();",
      "const largest = Math.max(1, 2);",
      "await crypto.subtle.digest('SHA-256', bytes);",
      "function dial(conn: Deno.QuicConn): void {}",
      "const { performance } = options;\nperformance.now();",
      "import { fetch } from './deps.ts';\nfetch();",
      "function check(process: number) { return process; }",
      "const names = { fetch: 1 }; names.fetch;",
      "try { go(); } catch (console) { throw console; }",
      "for (const self of all) self.go();",
    ]
  ) strictEqual(isImpure(line), false, line);
});

Deno.test("a name declared in one function does not hide the global in another", () => {
  strictEqual(isImpure("function a(fetch: () => void) { fetch(); }\nfunction b() { fetch('x'); }"), true);
});

Deno.test("built-ins and packages that touch the world are found by their import", () => {
  strictEqual(isImpure("import { readFileSync } from 'node:fs';"), true);
  strictEqual(isImpure("import { createHash } from 'node:crypto';"), false);
  strictEqual(isImpure("import { createHash, randomBytes } from 'node:crypto';"), true);
  strictEqual(isImpure("import * as crypto from 'node:crypto';"), true);
  strictEqual(isImpure("import { isIP } from 'node:net';"), false);
  strictEqual(isImpure("import { connect, isIP } from 'node:net';"), true);
  strictEqual(isImpure("import pg from 'pg';"), true);
  strictEqual(isImpure("import type pg from 'pg';"), false);
  strictEqual(isImpure("import { openDisk } from './io/disk.ts';"), true);
  strictEqual(isImpure("import { type Disk } from './io/disk.ts';"), false);
});

Deno.test("io, programs, scripts and what is for tests may touch the world", () => {
  const text = "Deno.exit();";
  const paths = ["a.ts", "io/a.ts", "main.ts", "shard.ts", "x/worker.ts", "a_test.ts", "a_suite.ts", "testing/a.ts"];
  const files = Object.fromEntries([...paths.map((path) => [`relay/${path}`, text]), ["scripts/dev/a.ts", text]]);
  deepStrictEqual(placesOf(purity, files), ["relay/a.ts:1"]);
});
