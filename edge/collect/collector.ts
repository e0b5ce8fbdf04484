/** Turns what callers post into frames of the ring: names checked, data flattened, time decided, shape found. */
import { type Class, classes } from "#proto/class.ts";
import { Fault } from "#proto/errors.ts";
import { flatten } from "#proto/flatten.ts";
import { ownStreamPrefix, parseStream, type StreamName } from "#proto/ids.ts";
import type { JsonValue } from "#proto/json.ts";
import { recordBytesMax } from "#proto/limits.ts";
import { recordBytes } from "#proto/record.ts";
import { Shaper } from "#proto/shaper.ts";
import type { NewFrame } from "../ring/ring.ts";
import { timestampOf } from "./timestamp.ts";

/** A frame that is ready for the ring. */
export interface CollectedFrame {
  readonly class: Class;
  readonly frame: NewFrame;
}

/** Members that a posted frame may have. */
const members: ReadonlySet<string> = new Set(["data", "stream", "ts", "class"]);
const defaultStream: StreamName = parseStream("telemetry");

/** See the head of this file. Holds the growing shapes of this vehicle's streams. */
export class Collector {
  readonly #shaper = new Shaper();

  /**
   * Checks and shapes one posted frame. `nowNs`: the agent's time. Throws `bad_frame`, `bad_stream`, `bad_field`,
   * `too_many_fields`, `too_deep` or `too_large`, each with a JSON pointer into the frame.
   */
  collect(posted: JsonValue, nowNs: bigint): CollectedFrame {
    if (!isObject(posted)) throw new Fault("bad_frame", "Cannot take frame: it is not a JSON object", { pointer: "" });
    const unknown = Object.keys(posted).find((name) => !members.has(name));
    if (unknown !== undefined) {
      throw new Fault("bad_frame", `Cannot take frame: "${unknown.slice(0, 80)}" is none of data, stream, ts, class`, {
        pointer: `/${unknown.slice(0, 80)}`,
      });
    }
    const stream = streamOf(posted.stream);
    const className = classOf(posted.class);
    const { ts, device } = timestampOf(posted.ts, nowNs);
    const fields = withPointer("/data", () => flatten(posted.data ?? null));
    const { shape, values } = this.#shaper.fit(stream, device === undefined ? fields : [...fields, device]);
    checkSize({ ts, shape, values });
    return { class: className, frame: { ts, shape, values } };
  }
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function streamOf(value: JsonValue | undefined): StreamName {
  if (value === undefined) return defaultStream;
  const stream = parseStream(value);
  if (!stream.startsWith(ownStreamPrefix)) return stream;
  throw new Fault(
    "bad_stream",
    `Cannot take "${stream}" as stream: names beginning with ${ownStreamPrefix} are reserved`,
    {
      pointer: "/stream",
    },
  );
}

function classOf(value: JsonValue | undefined): Class {
  const name = value === undefined ? "normal" : classes.find((known) => known === value);
  if (name !== undefined) return name;
  throw new Fault("bad_frame", `Cannot take frame: class is none of ${classes.join(", ")}`, { pointer: "/class" });
}

function checkSize(frame: NewFrame): void {
  const bytes = recordBytes(frame);
  if (bytes <= recordBytesMax) return;
  throw new Fault("too_large", `Cannot take frame: it takes ${bytes} bytes, wanted at most ${recordBytesMax}`, {
    pointer: "/data",
  });
}

/** Pointers of faults inside a member begin at the frame. */
function withPointer<T>(pointer: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message, { pointer: `${pointer}${error.pointer ?? ""}`, cause: error });
  }
}
