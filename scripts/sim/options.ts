/** The command line of `deno task sim`, and of a line in seeds.txt. */
import { parseArgs } from "node:util";

/** What was asked for. */
export interface SimOptions {
  readonly seed: number;
  /** So many seeds from that one on. */
  readonly seeds: number;
  readonly hours: number;
  readonly vehicles: number;
  /** Names of planted bugs to look for; empty for all; undefined: none is planted. */
  readonly planted: readonly string[] | undefined;
  /** Whether every fault and its strikes are listed at the end. */
  readonly counts: boolean;
}

const hoursMax = 1_000;
const vehiclesMax = 50;

const usage = `deno task sim [options] [NAME...]

  --seed N        the first seed (1)
  --seeds N       so many seeds, one after another (1)
  --hours H       virtual hours of each world (1)
  --vehicles V    vehicles in each world, 1 to ${vehiclesMax} (1)
  --planted       plant each known bug, or those named, and look for it with up to 40 seeds
  --counts        list what happened, and how often each fault struck
  --help          this text`;

/** Parses; returns text for people instead when the line is wrong or asks for help. */
export function parseSimOptions(args: readonly string[]): SimOptions | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seed: { type: "string", default: "1" },
        seeds: { type: "string", default: "1" },
        hours: { type: "string", default: "1" },
        vehicles: { type: "string", default: "1" },
        planted: { type: "boolean", default: false },
        counts: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { problem: usage };
    if (positionals.length > 0 && !values.planted) throw new TypeError(`Cannot take "${positionals[0]}"`);
    return {
      seed: numberOf("seed", values.seed, { max: 2 ** 31, whole: true }),
      seeds: numberOf("seeds", values.seeds, { max: 1_000_000, whole: true }),
      hours: numberOf("hours", values.hours, { max: hoursMax, whole: false }),
      vehicles: numberOf("vehicles", values.vehicles, { max: vehiclesMax, whole: true }),
      planted: values.planted ? positionals : undefined,
      counts: values.counts,
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problem: `${error.message}\n\n${usage}` };
  }
}

/** The options that repeat one world. */
export function replayLine({ seed, hours, vehicles }: Pick<SimOptions, "seed" | "hours" | "vehicles">): string {
  return `--seed ${seed} --hours ${hours} --vehicles ${vehicles}`;
}

/** Reads seeds.txt: a line per world, as the options that repeat it; `#` begins a remark. */
export function parseKnownSeeds(text: string): SimOptions[] {
  return text.split("\n").map((line) => line.replace(/#.*$/, "").trim()).filter((line) => line !== "").map((line) => {
    const options = parseSimOptions(line.split(/\s+/));
    if ("problem" in options) throw new Error(`Cannot read known seed "${line}": ${options.problem}`);
    return options;
  });
}

function numberOf(name: string, text: string, { max, whole }: { max: number; whole: boolean }): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number <= max && (!whole || Number.isSafeInteger(number))) return number;
  const wanted = whole ? `1 to ${max}` : `more than 0, up to ${max}`;
  throw new TypeError(`Cannot take --${name} "${text}": wanted ${wanted}`);
}
