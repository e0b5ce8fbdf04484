/** What a task such as `deno task bench` can run by a name. */

/** One program of a menu. */
export interface Entry {
  readonly name: string;
  /** What it does, and for which figure of the goals. */
  readonly what: string;
  /** What may stand behind the name. */
  readonly usage: string;
  /** Path from the top of the project. */
  readonly file: string;
  /** Stand before what the caller gives. */
  readonly args: readonly string[];
}

/** A task with all that it can run. */
export interface Menu {
  /** As in `deno task NAME`. */
  readonly task: string;
  readonly entries: readonly Entry[];
  /** Said below the entries. */
  readonly note: string;
}

/** The entry of a name. */
export function entryOf({ entries }: Menu, name: string): Entry | undefined {
  return entries.find((entry) => entry.name === name);
}

/** The menu, for people. */
export function menuText({ task, entries, note }: Menu): string {
  const width = 2 + Math.max(...entries.map(({ name }) => name.length));
  return [
    `deno task ${task} NAME [options]`,
    "",
    ...entries.flatMap((
      { name, what, usage },
    ) => [`  ${name.padEnd(width)}${what}`, ...usage === "" ? [] : [`${" ".repeat(width + 2)}${usage}`]]),
    "",
    note,
  ].join("\n");
}
