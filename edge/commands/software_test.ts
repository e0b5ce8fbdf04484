import { deepStrictEqual as equal, strictEqual } from "node:assert/strict";
import { commandStreamEventsMax } from "../limits.ts";
import { alreadyAttached, Attachment, type SoftwareEvent } from "./software.ts";

const release = (number: number): SoftwareEvent => ({ kind: "release", data: { number: String(number) } });

Deno.test("software is told in order, also what came before it asked", async () => {
  const software = new Attachment("pilot");
  software.tell(release(1));
  const [first, second] = [await software.next(), software.next()];
  software.tell(release(2));
  equal([first, await second], [release(1), release(2)]);
});

Deno.test("software that does not read is let go, with what waits still told", async () => {
  const software = new Attachment("pilot");
  for (let i = 0; i <= commandStreamEventsMax; i++) software.tell(release(i));
  strictEqual(software.isOver, true);
  let told = 0;
  while (await software.next() !== undefined) told++;
  strictEqual(told, commandStreamEventsMax);
  strictEqual(alreadyAttached(software).code, "already_attached");
});

Deno.test("an end is heard by whoever waits", async () => {
  const software = new Attachment("pilot");
  const next = software.next();
  software.end();
  strictEqual(await next, undefined);
});
