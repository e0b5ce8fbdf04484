/** `deno task tidy [PATH...]`: checks the house rules, for all files or those below the paths, and prints sizes. */
import "./check_deno.ts";
import { fileURLToPath } from "node:url";
import { readTree } from "./tidy/read_tree.ts";
import { rules } from "./tidy/rules.ts";
import { sizeTable } from "./tidy/sizes.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const project = await readTree(top);
const wanted = Deno.args.map((path) => path.replace(/^\.\//, ""));
const violations = rules
  .flatMap((rule) => rule.check(project))
  .filter(({ path }) => wanted.length === 0 || wanted.some((start) => path.startsWith(start)))
  .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line);

for (const { path, line, rule, message } of violations) console.log(`${path}:${line}: ${rule}: ${message}`);
if (wanted.length === 0) console.log(sizeTable(project));
console.log(`${project.modules.size} files, ${rules.length} rules, ${violations.length} violations`);
Deno.exit(violations.length === 0 ? 0 : 1);
