/**
 * Posts JSON over HTTP/1.1 connections that are kept. `fetch` takes several times the processor time of the agent that
 * answers it, and on a small machine it would be what is measured.
 */

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The server closes the connection behind it, as it does after bodies that it read late. */
  readonly isLast: boolean;
}

/** A connection, and where its answers are read into. */
interface Kept {
  readonly connection: Deno.TcpConn;
  readonly buffer: Uint8Array<ArrayBuffer>;
}

/** Larger than any answer to one frame. */
const answerBytesMax = 16 * 1024;
const headersEnd = "\r\n\r\n";
const latin1 = new TextDecoder("latin1");

/** See the head of this file. Has as many connections as posts were ever under way at a time. */
export class LeanClient {
  readonly #server: { readonly hostname: string; readonly port: number };
  readonly #head: string;
  readonly #idle: Kept[] = [];
  readonly #encoder = new TextEncoder();

  /** Where to: `http://127.0.0.1:7777`. */
  constructor(url: string) {
    const { host, hostname, port } = new URL(url);
    this.#server = { hostname, port: Number(port) };
    this.#head = `HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `;
  }

  /** Posts and reads the answer, whatever its status. Rejects when the connection breaks. */
  async post(path: string, json: string): Promise<Answer> {
    const kept = this.#idle.pop() ?? await this.#connect();
    const body = this.#encoder.encode(json);
    const head = this.#encoder.encode(`POST ${path} ${this.#head}${body.byteLength}${headersEnd}`);
    const bytes = new Uint8Array(head.byteLength + body.byteLength);
    bytes.set(head);
    bytes.set(body, head.byteLength);
    try {
      await writeAll(kept.connection, bytes);
      const answer = await readAnswer(kept);
      if (answer.isLast) kept.connection.close();
      else this.#idle.push(kept);
      return answer;
    } catch (error) {
      kept.connection.close();
      throw error;
    }
  }

  /** Closes the connections that are kept. */
  close(): void {
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  async #connect(): Promise<Kept> {
    const connection = await Deno.connect(this.#server);
    connection.setNoDelay(true);
    return { connection, buffer: new Uint8Array(answerBytesMax) };
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await connection.write(bytes.subarray(at));
}

async function readAnswer({ connection, buffer }: Kept): Promise<Answer> {
  for (let length = 0; length < answerBytesMax;) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) throw new Error("Cannot read the answer: the connection ended");
    length += count;
    const answer = answerIn(buffer.subarray(0, length));
    if (answer !== undefined) return answer;
  }
  throw new Error(`Cannot read the answer: it is longer than ${answerBytesMax} bytes`);
}

/** Reads an answer; undefined while some of it is missing. */
export function answerIn(bytes: Uint8Array): Answer | undefined {
  // One character per byte here, so that places in the text are places in the bytes.
  const text = latin1.decode(bytes);
  const end = text.indexOf(headersEnd);
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`Cannot read the answer: it tells no length: ${head}`);
  const body = bytes.subarray(end + headersEnd.length);
  if (body.byteLength < Number(length)) return undefined;
  const isLast = /\r\nconnection: *close/i.test(head);
  return { status: Number(text.slice(9, 12)), text: new TextDecoder().decode(body), isLast };
}
