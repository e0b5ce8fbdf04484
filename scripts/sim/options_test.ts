import { deepEqual, match, throws } from "node:assert/strict";
import { parseKnownSeeds, parseSimOptions, replayLine } from "./options.ts";

const usual = { seed: 1, seeds: 1, hours: 1, vehicles: 1, planted: undefined, counts: false };

Deno.test("options are read, and what is none is named", () => {
  deepEqual(parseSimOptions([]), usual);
  deepEqual(parseSimOptions(["--seed", "7", "--hours", "0.5", "--vehicles", "3", "--counts"]), {
    ...usual,
    seed: 7,
    hours: 0.5,
    vehicles: 3,
    counts: true,
  });
  deepEqual(parseSimOptions(["--planted", "a", "b"]), { ...usual, planted: ["a", "b"] });
  const wrong = [["--seed", "0"], ["--hours", "-1"], ["--vehicles", "1.5"], ["--seeds", ""], ["--what"], ["a"]];
  for (const args of wrong) {
    match((parseSimOptions(args) as { problem: string }).problem, /\n\ndeno task sim \[options\]/);
  }
  match((parseSimOptions(["--help"]) as { problem: string }).problem, /--planted/);
});

Deno.test("a world is repeated by its line, from the list of known seeds too", () => {
  const line = replayLine({ ...usual, seed: 9, hours: 0.25, vehicles: 2 });
  deepEqual(line, "--seed 9 --hours 0.25 --vehicles 2");
  const known = parseKnownSeeds(`# found once\n\n${line}  # nothing acknowledged is lost\n`);
  deepEqual(known, [{ ...usual, seed: 9, hours: 0.25, vehicles: 2 }]);
  throws(() => parseKnownSeeds("--seed many"), /Cannot read known seed "--seed many"/);
});
