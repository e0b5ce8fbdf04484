/**
 * Configuration files: YAML text in, a frozen value or every fault at once. A fault names its line and column, because
 * it is read at a vehicle by somebody with little time.
 */
import { type Document, isMap, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { Fault } from "../errors.ts";

/** One fault of a file. */
interface FileFault {
  readonly offset: number;
  readonly text: string;
}

/**
 * Parses and checks a file. Keys that the schema does not know are faults when its objects are strict.
 *
 * @throws Fault `bad_config`, one line for each fault: `agent.yaml:3:9: /relay/port: expected number`
 */
export function parseConfig<T>(text: string, options: { schema: z.ZodType<T>; file: string }): Readonly<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    offset: error.pos[0],
    text: firstLine(error.message),
  }));
  if (syntax.length > 0) throw faultOf(syntax, lines, options.file);
  const result = options.schema.safeParse(document.toJS() ?? {});
  if (result.success) return freeze(result.data);
  throw faultOf(result.error.issues.flatMap((issue) => faultsOfIssue(issue, document)), lines, options.file);
}

function faultsOfIssue(issue: z.core.$ZodIssue, document: Document): FileFault[] {
  const path = issue.path.map((part) => typeof part === "symbol" ? String(part) : part);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      offset: offsetOf(document, [...path, key]),
      text: `${pointerOf([...path, key])}: unknown key`,
    }));
  }
  return [{ offset: offsetOf(document, path), text: `${pointerOf(path)}: ${issue.message}` }];
}

/** Offset of the node at a path, or of the nearest parent that is in the file. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const key = keyNode(document, path.slice(0, length));
    if (key !== undefined) return key;
  }
  return 0;
}

/** Offset of a map's key or of a sequence's item. */
function keyNode(document: Document, path: readonly (string | number)[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path[path.length - 1];
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) =>
      String((key as Node & { value?: unknown }).value ?? key) === String(last)
    );
    return (pair?.key as Node | undefined)?.range?.[0];
  }
  return (document.getIn(path, true) as Node | undefined)?.range?.[0];
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.length === 0 ? "/" : path.map((part) => `/${part}`).join("");
}

function faultOf(faults: readonly FileFault[], lines: LineCounter, file: string): Fault {
  const sorted = [...faults].sort((a, b) => a.offset - b.offset);
  return new Fault(
    "bad_config",
    sorted.map(({ offset, text }) => {
      const { line, col } = lines.linePos(offset);
      return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${text}`;
    }).join("\n"),
  );
}

function firstLine(text: string): string {
  return text.split("\n")[0].replace(/ at line \d+, column \d+:?$/, "");
}

function freeze<T>(value: T): Readonly<T> {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
