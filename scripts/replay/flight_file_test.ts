import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { packPosts, readFlight } from "./flight_file.ts";

const lines = [
  '{"data":{"ts":"5","class":"bulk"},"ts":"1718000000000000001"}',
  '{"data":{"a":1},"ts":1718000000001.5,"class":"event"}',
];

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
      { line: lines[0], ts: 1718000000000000001n, class: "normal" },
      { line: lines[1], ts: 1718000000001500000n, class: "event" },
    ]);
    await Deno.remove(file);
  }
});

Deno.test("a line without a time and one that is not JSON are named", async () => {
  for (
    const [line, problem] of [['{"data":{}}', /:2: the line has no ts/], ["{", /:2: the line is not JSON/]] as const
  ) {
    const file = await fileOf(`{"ts":"1","data":{}}\n${line}\n`);
    await rejects(readFlight(file), problem);
    await Deno.remove(file);
  }
});

const frames = Array.from({ length: 100 }, (_, i) => ({ line: `{"n":${i}}`, ts: BigInt(i), class: "normal" }));

Deno.test("posts keep the order and the size", () => {
  const posts = packPosts(frames, { bytesMax: 90 });
  deepStrictEqual(posts.flatMap((post) => post.frames), frames);
  ok(posts.length > 1);
  ok(posts.every((post) => post.frames.map(({ line }) => line).join("\n").length <= 90));
});

Deno.test("a post is due when its last frame was measured, and may be bounded in time", () => {
  const posts = packPosts(frames, { bytesMax: 1_000_000, spanNsMax: 9n });
  deepStrictEqual(posts.map((post) => [post.frames.length, post.ts]).slice(0, 2), [[10, 9n], [10, 19n]]);
  strictEqual(posts.length, 10);
});
