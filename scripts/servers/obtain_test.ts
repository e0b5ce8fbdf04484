import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { obtain, type Way } from "./obtain.ts";

const fails = (name: string): Way => ({ name, attempt: () => Promise.resolve({ why: `${name} is absent` }) });
const works = (name: string): Way => ({ name, attempt: () => Promise.resolve({ path: `/opt/${name}` }) });

Deno.test("the first way that works is taken and named", async () => {
  const said: string[] = [];
  const path = await obtain("server", [fails("cache"), works("path"), works("pip")], {
    say: (line) => said.push(line),
    advice: "",
  });
  strictEqual(path, "/opt/path");
  deepStrictEqual(said, ["server: path (/opt/path)"]);
});

Deno.test("when no way works every failure and the advice are told", async () => {
  await rejects(
    obtain("server", [fails("cache"), fails("path")], { say: () => {}, advice: "Install Go" }),
    /cache is absent[\s\S]*path is absent[\s\S]*Install Go/,
  );
});
