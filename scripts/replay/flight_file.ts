/** Flight logs: one frame per line as the local API takes it, plain or gzip. */
import { gunzipSync } from "node:zlib";

/** One line of a log. */
export interface LoggedFrame {
  /** The line itself, to be posted as it is. */
  readonly line: string;
  /** Nanoseconds since 1970. */
  readonly ts: bigint;
}

/** Reads a log; throws with the line's number when one is no frame. */
export async function readFlight(file: string): Promise<LoggedFrame[]> {
  const bytes = await Deno.readFile(file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes);
  return text.split("\n").flatMap((line, at) =>
    line.trim() === "" ? [] : [{ line, ts: timeOf(line, `${file}:${at + 1}`) }]
  );
}

/** Only the time is read here; whether the frame is good is the agent's to say. */
function timeOf(line: string, where: string): bigint {
  const match = /"ts"\s*:\s*(?:"(\d{1,19})"|(\d+(?:\.\d+)?))/.exec(line);
  if (match === null) throw new Error(`Cannot replay ${where}: the line has no ts`);
  return match[1] !== undefined ? BigInt(match[1]) : BigInt(Math.round(Number(match[2]) * 1e3)) * 1000n;
}

/** Lines put together into posts of bounded size. */
export interface Post {
  readonly body: string;
  readonly frames: number;
  /** Time of the first frame, nanoseconds since 1970. */
  readonly ts: bigint;
}

/** Packs frames into posts, in order. */
export function packPosts(frames: readonly LoggedFrame[], bytesMax: number): Post[] {
  const posts: Post[] = [];
  let lines: string[] = [];
  let [bytes, first] = [0, 0n];
  const flush = () => {
    if (lines.length > 0) posts.push({ body: lines.join("\n"), frames: lines.length, ts: first });
    [lines, bytes] = [[], 0];
  };
  for (const { line, ts } of frames) {
    if (bytes + line.length > bytesMax) flush();
    if (lines.length === 0) first = ts;
    lines.push(line);
    bytes += line.length + 1;
  }
  flush();
  return posts;
}
