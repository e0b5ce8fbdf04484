import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { packPosts, readFlight } from "./flight_file.ts";

const lines = ['{"ts":"1718000000000000001","data":{}}', '{"data":{"a":1},"ts":1718000000001.5}'];

async function fileOf(bytes: Uint8Array | string): Promise<string> {
  const file = await Deno.makeTempFile();
  if (typeof bytes === "string") await Deno.writeTextFile(file, bytes);
  else await Deno.writeFile(file, bytes);
  return file;
}

Deno.test("plain and gzip logs read the same, empty lines are nothing", async () => {
  const text = `${lines[0]}\n\n${lines[1]}\n`;
  for (const file of [await fileOf(text), await fileOf(gzipSync(text))]) {
    deepStrictEqual(await readFlight(file), [
      { line: lines[0], ts: 1718000000000000001n },
      { line: lines[1], ts: 1718000000001500000n },
    ]);
    await Deno.remove(file);
  }
});

Deno.test("a line without a time is named", async () => {
  const file = await fileOf('{"ts":"1","data":{}}\n{"data":{}}\n');
  await rejects(readFlight(file), /:2: the line has no ts/);
  await Deno.remove(file);
});

Deno.test("posts keep the order and the size", () => {
  const frames = Array.from({ length: 100 }, (_, i) => ({ line: `{"n":${i}}`, ts: BigInt(i) }));
  const posts = packPosts(frames, 90);
  strictEqual(posts.reduce((sum, post) => sum + post.frames, 0), 100);
  deepStrictEqual(posts.flatMap((post) => post.body.split("\n")), frames.map(({ line }) => line));
  strictEqual(posts.every((post) => post.body.length <= 90), true);
  strictEqual(posts[1].ts, BigInt(posts[0].frames));
});
