/** Lets tests check sources given as text. */
import { projectOf, type Rule, type Settings } from "../project.ts";

/** Files by path, as text. */
export type Files = Readonly<Record<string, string>>;

/** Where a rule is broken, as `proto/a.ts:1`. */
export function placesOf(rule: Rule, files: Files, settings: Partial<Settings> = {}): string[] {
  return violationsOf(rule, files, settings).map(({ path, line }) => `${path}:${line}`);
}

/** What a rule says of the first place where it is broken. */
export function messageOf(rule: Rule, files: Files, settings: Partial<Settings> = {}): string | undefined {
  return violationsOf(rule, files, settings)[0]?.message;
}

function violationsOf(rule: Rule, files: Files, { imports = {}, published = [] }: Partial<Settings>) {
  return rule.check(projectOf(files, { imports, published }));
}
