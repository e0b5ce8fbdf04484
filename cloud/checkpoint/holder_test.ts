import { deepStrictEqual as equal, rejects, strictEqual } from "node:assert/strict";
import { Fault } from "#proto/errors.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { prepareStart, settleEnd } from "./around_run.ts";
import type { Mark } from "./held.ts";
import { Holder } from "./holder.ts";
import { lookIntervalMs, tidyMs } from "./limits.ts";

const renewMs = 60_000;

/** A QuestDB that holds at most one checkpoint, and the file beside it; every step is written down. */
class Scene {
  readonly clock = new VirtualClock();
  readonly steps: string[] = [];
  readonly warnings: string[] = [];
  held: string | undefined;
  mark: Mark | undefined;
  made = 0;
  refuses = false;
  readonly file = {
    read: () => Promise.resolve(this.mark),
    write: (mark: Mark) => {
      this.mark = mark;
      this.steps.push(mark.state);
      return Promise.resolve();
    },
    remove: () => {
      this.mark = undefined;
      this.steps.push("no mark");
      return Promise.resolve();
    },
  };
  readonly server = {
    startedAt: () => Promise.resolve(this.held),
    create: () => {
      this.steps.push("create");
      if (this.refuses) return Promise.reject(new Fault("store_failed", "Cannot sync"));
      if (this.held !== undefined) return Promise.resolve(false);
      this.held = `number ${++this.made}`;
      return Promise.resolve(true);
    },
    release: () => {
      this.steps.push("release");
      this.held = undefined;
      return Promise.resolve();
    },
  };

  holder(): Holder {
    const warn = (message: string) => void this.warnings.push(message);
    const log = { debug: () => {}, info: () => {}, warn, error: warn };
    return new Holder({ ...this, mark: this.file, boot: "today", renewMs, log });
  }

  takeSteps(): string[] {
    return this.steps.splice(0);
  }
}

Deno.test("a checkpoint is marked as held only when it is made, and as no more to be used before it is given up", async () => {
  const scene = new Scene();
  const holder = scene.holder();
  await holder.look();
  equal(scene.takeSteps(), ["making", "create", "held"]);
  equal(scene.mark, { state: "held", boot: "today", startedAt: "number 1" });
  await holder.look();
  equal(scene.takeSteps(), []);
  await scene.clock.advance(renewMs);
  const looked = holder.look();
  await scene.clock.advance(tidyMs);
  await looked;
  equal(scene.takeSteps(), ["making", "release", "making", "create", "held"]);
  equal(scene.mark, { state: "held", boot: "today", startedAt: "number 2" });
});

Deno.test("a backup's checkpoint stays, even if it begins in the moment between two of ours", async () => {
  const scene = new Scene();
  scene.held = "a backup's";
  const holder = scene.holder();
  await holder.look();
  await holder.look();
  equal([scene.takeSteps(), scene.held, scene.warnings.length], [[], "a backup's", 1]);

  scene.held = undefined;
  const create = scene.server.create;
  scene.server.create = () => {
    scene.held = "a backup's";
    return create();
  };
  await holder.look();
  equal([scene.takeSteps(), scene.mark], [["making", "create", "no mark"], undefined]);
  await holder.look();
  equal([scene.takeSteps(), scene.held], [[], "a backup's"]);
});

Deno.test("what a holder that crashed was making is given up by the next one, and what it held is renewed", async () => {
  for (
    const mark of [{ state: "making", boot: "today" }, { state: "held", boot: "today", startedAt: "old" }] as const
  ) {
    const scene = new Scene();
    [scene.held, scene.mark] = ["old", mark];
    const looked = scene.holder().look();
    await scene.clock.advance(tidyMs);
    await looked;
    equal(scene.takeSteps(), ["making", "release", "making", "create", "held"]);
  }
});

Deno.test("a checkpoint that cannot be made is not marked as held, is told once and tried again", async () => {
  const scene = new Scene();
  scene.refuses = true;
  await rejects(() => scene.holder().look(), { code: "store_failed" });
  strictEqual(scene.mark?.state, "making");

  const ending = new AbortController();
  const ended = scene.holder().run(ending.signal);
  for (let look = 0; look < 3; look++) await scene.clock.advance(lookIntervalMs);
  equal(scene.warnings.length, 1);
  scene.refuses = false;
  await scene.clock.advance(lookIntervalMs);
  strictEqual(scene.mark?.state, "held");
  ending.abort();
  await ended;
});

Deno.test("before a start, the request to go back is there before the mark goes", async () => {
  const scene = new Scene();
  const restore = () => Promise.resolve(void scene.steps.push("restore"));
  scene.mark = { state: "held", boot: "yesterday", startedAt: "number 1" };
  strictEqual(await prepareStart({ mark: scene.file, boot: "today", restore }), "restore");
  equal(scene.takeSteps(), ["restore", "no mark"]);
  scene.mark = { state: "making", boot: "yesterday" };
  strictEqual(await prepareStart({ mark: scene.file, boot: "today", restore }), "unprotected");
  equal(scene.takeSteps(), ["no mark"]);
});

Deno.test("after an end of QuestDB alone the mark goes when all is on disk, and stays when that failed", async () => {
  const scene = new Scene();
  scene.mark = { state: "held", boot: "today", startedAt: "number 1" };
  const broken = () => Promise.reject(new Fault("disk_failed", "Cannot sync"));
  await rejects(() => settleEnd({ mark: scene.file, sync: broken }), { code: "disk_failed" });
  strictEqual(scene.mark?.state, "held");
  await settleEnd({ mark: scene.file, sync: () => Promise.resolve(void scene.steps.push("sync")) });
  equal(scene.takeSteps(), ["sync", "no mark"]);
});
