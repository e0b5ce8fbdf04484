/** All house rules. Their reasons stand at the head of each file, and in style.md. */
import { deadExports } from "./dead_exports.ts";
import { dependencyLaw } from "./dependency_law.ts";
import { docstrings } from "./docstrings.ts";
import { emptyCatch } from "./empty_catch.ts";
import { importCycles } from "./import_cycles.ts";
import { moduleState } from "./module_state.ts";
import { names } from "./names.ts";
import { packages } from "./packages.ts";
import { parameters } from "./parameters.ts";
import type { Rule } from "./project.ts";
import { purity } from "./purity.ts";
import { sizes } from "./sizes.ts";
import { suppressions } from "./suppressions.ts";
import { testHabits } from "./test_habits.ts";
import { testsBeside } from "./tests_beside.ts";

/** Every rule that `deno task tidy` checks. */
export const rules: readonly Rule[] = [
  ...[dependencyLaw, importCycles, purity, moduleState, emptyCatch, suppressions, packages],
  ...[sizes, parameters, names, docstrings, deadExports, testsBeside, testHabits],
];
