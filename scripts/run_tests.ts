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

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A process that is killed while it writes its counters leaves an empty file, for which the whole report would fail. */
async function dropEmpty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if ((await Deno.stat(path)).size === 0) await Deno.remove(path);
  }
}

const collect = [`--coverage=${counters}`, "--coverage-raw-data-only", "--clean"];
const { code } = await command(["test", "-A", "--quiet", ...collect, ...paths]).spawn().status;
await dropEmpty(`${top}/${counters}`);
const lcov = await command(["coverage", "--quiet", "--lcov", counters]).output();
const files = parseLcov(textOf(lcov.stdout), top);
console.log(
  lcov.success ? `\n${coverageReport(files)}` : `\nCannot read the counters of lines: ${textOf(lcov.stderr)}`,
);
Deno.exit(code);
