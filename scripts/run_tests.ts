/** `deno task test [PATH...]`: every test, those over real servers too, and which lines they ran. */
import "./check_deno.ts";
import { fileURLToPath } from "node:url";
import { coverageReport, parseLcov } from "./run_tests/coverage.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const paths = Deno.args.length > 0 ? Deno.args : ["proto", "edge", "relay", "cloud", "scripts"];
/** Counters of V8, from which the report is made; the name is in .gitignore. */
const counters = "coverage";

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), { args: [...args], cwd: top, stdin: "null" });
}

const collect = [`--coverage=${counters}`, "--coverage-raw-data-only", "--clean"];
const { code } = await command(["test", "-A", "--quiet", ...collect, ...paths]).spawn().status;
const lcov = await command(["coverage", "--quiet", "--lcov", counters]).output();
const files = parseLcov(new TextDecoder().decode(lcov.stdout), top);
console.log(`\n${coverageReport(files)}`);
Deno.exit(code);
