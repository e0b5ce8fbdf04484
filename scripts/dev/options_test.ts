import { deepStrictEqual, match, ok } from "node:assert/strict";
import { resolve } from "node:path";
import { parseDevOptions } from "./options.ts";

Deno.test("without options there is one simulated vehicle on SQLite", () => {
  deepStrictEqual(parseDevOptions([]), {
    ...{ vehicles: 1, simulate: true },
    ...{ store: "sqlite", ca: "development", state: resolve(".dev") },
  });
});

Deno.test("all options are taken", () => {
  const kinds = ["--store", "questdb", "--ca", "step-ca"];
  deepStrictEqual(parseDevOptions(["--vehicles", "3", "--no-sim", ...kinds, "--state", "/tmp/a b"]), {
    vehicles: 3,
    simulate: false,
    store: "questdb",
    ca: "step-ca",
    state: "/tmp/a b",
  });
});

Deno.test("a wrong line is answered with what is wrong and the usage", () => {
  for (
    const [args, wrong] of [
      [["--vehicles", "0"], /vehicles/],
      [["--store", "csv"], /csv/],
      [["--ca", "acme"], /acme/],
      [
        ["--what"],
        /--what/,
      ],
    ] as const
  ) {
    const answer = parseDevOptions(args);
    ok("problem" in answer);
    match(answer.problem, wrong);
    match(answer.problem, /deno task dev \[options\]/);
  }
});
