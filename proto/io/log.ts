/** A program's log to standard error: JSON lines for machines, or lines with colours for people. */
import { ansiColorFormatter, configureSync, getLogger, jsonLinesFormatter, type LogRecord } from "@logtape/logtape";
import type { Log, LogFields } from "../ports.ts";

/** How a program logs. */
export interface LogOptions {
  readonly service: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "pretty";
}

/** Sets up this process's log and returns it. Call it once, in the composition root. */
export function makeLog({ service, level, format }: LogOptions): Log {
  const formatter = format === "json" ? jsonLinesFormatter : prettyFormatter;
  const encoder = new TextEncoder();
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(formatter(record))) },
    loggers: [
      { category: [service], sinks: ["stderr"], lowestLevel: level === "warn" ? "warning" : level },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger([service]);
  return {
    debug: (message, fields) => logger.debug(message, plain(fields)),
    info: (message, fields) => logger.info(message, plain(fields)),
    warn: (message, fields) => logger.warn(message, plain(fields)),
    error: (message, fields) => logger.error(message, plain(fields)),
  };
}

/** JSON has no big integers: their digits stand for them. */
function plain(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
  );
}

function prettyFormatter(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => ` ${name}=${value}`).join("");
  return `${ansiColorFormatter(record).trimEnd()}${fields}\n`;
}
