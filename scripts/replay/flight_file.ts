/** Flight logs: one frame per line as the local API takes it, plain or gzip. */
import { gunzipSync } from "node:zlib";

/** One line of a log. */
export interface LoggedFrame {
  /** The line itself, to be posted as it is. */
  readonly line: string;
  /** Nanoseconds since 1970; of numeric milliseconds as exact as a double has them. */
  readonly ts: bigint;
  readonly class: string;
}

/** Reads a log; throws with the line's number when one is no frame. */
export async function readFlight(file: string): Promise<LoggedFrame[]> {
  const bytes = await Deno.readFile(file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes);
  return text.split("\n").flatMap((line, at) => line.trim() === "" ? [] : [readLine(line, `${file}:${at + 1}`)]);
}

/** Only time and class are read here; whether the frame is good is the agent's to say. */
function readLine(line: string, where: string): LoggedFrame {
  const { ts, class: className = "normal" } = parse(line, where);
  if (typeof ts === "string" && /^\d{1,19}$/.test(ts)) return { line, ts: BigInt(ts), class: className };
  if (typeof ts === "number") return { line, ts: BigInt(Math.round(ts * 1e3)) * 1000n, class: className };
  throw new Error(`Cannot replay ${where}: the line has no ts`);
}

function parse(line: string, where: string): { ts?: unknown; class?: string } {
  try {
    return JSON.parse(line) ?? {};
  } catch (cause) {
    throw new Error(`Cannot replay ${where}: the line is not JSON`, { cause });
  }
}

/** Frames that are posted together. */
export interface Post {
  readonly frames: readonly LoggedFrame[];
  /** Nanoseconds since 1970 at which all of them had been measured. */
  readonly ts: bigint;
}

/** What bounds a post. */
export interface PostBounds {
  readonly bytesMax: number;
  /** Time from the first to the last frame of a post. */
  readonly spanNsMax?: bigint;
}

/** Packs frames into posts, in order. */
export function packPosts(frames: readonly LoggedFrame[], { bytesMax, spanNsMax }: PostBounds): Post[] {
  const posts: Post[] = [];
  let packed: LoggedFrame[] = [];
  let bytes = 0;
  const flush = () => {
    if (packed.length > 0) posts.push({ frames: packed, ts: packed[packed.length - 1].ts });
    [packed, bytes] = [[], 0];
  };
  for (const frame of frames) {
    const span = packed.length === 0 ? 0n : frame.ts - packed[0].ts;
    if (bytes + frame.line.length > bytesMax || (spanNsMax !== undefined && span > spanNsMax)) flush();
    packed.push(frame);
    bytes += frame.line.length + 1;
  }
  flush();
  return posts;
}
