/**
 * The head of a first request as its bytes come in: whether it is whole, and whether it is one. What it says is for the
 * server to read. Source: RFC 9112 sections 2.1 and 3.
 */
import { httpHeadBytesMax } from "../limits.ts";

/** `http2`: the client begins with HTTP/2 at once (RFC 9113 section 3.4). `malformed` is what begins as neither does. */
export type HeadStanding = "more" | "whole" | "http2" | "too_large" | "malformed";

/** First read of a head: most are smaller. */
const firstBytes = 1024;
const requestLine = /^[A-Z]{1,16} [\x21-\x7e]+ HTTP\/1\.[01]\r\n/;
const http2Preface = "PRI * HTTP/2.0\r\n\r\n";
const upgradeField = /\r\nupgrade:/i;
const [carriageReturn, lineFeed] = [13, 10];

/** Gathers one head. */
export class HttpHead {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;
  /** Up to where there is no end. */
  #seen = 0;
  #end = -1;

  /** Everything that came: the head, and perhaps what follows it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Whether a head that is whole asks for another protocol, such as a WebSocket. */
  get asksForUpgrade(): boolean {
    return upgradeField.test(asciiText(this.#bytes.subarray(0, this.#end)));
  }

  /** Takes what came next. */
  push(bytes: Uint8Array): HeadStanding {
    this.#append(bytes);
    this.#end = this.#findEnd();
    if (this.#end < 0) return this.#standingWithoutEnd();
    if (this.#end > httpHeadBytesMax) return "too_large";
    const text = asciiText(this.#bytes.subarray(0, this.#end));
    if (text === http2Preface) return "http2";
    return requestLine.test(text) ? "whole" : "malformed";
  }

  #standingWithoutEnd(): HeadStanding {
    const [first] = this.#bytes;
    if (this.#length > 0 && (first < 0x41 || first > 0x5a)) return "malformed";
    return this.#length >= httpHeadBytesMax ? "too_large" : "more";
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.byteLength;
    if (length > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.byteLength));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** Behind the empty line that ends the head; -1 while there is none. */
  #findEnd(): number {
    const bytes = this.#bytes;
    for (let at = Math.max(3, this.#seen); at < this.#length; at++) {
      const isEnd = bytes[at] === lineFeed && bytes[at - 1] === carriageReturn && bytes[at - 2] === lineFeed &&
        bytes[at - 3] === carriageReturn;
      if (isEnd) return at + 1;
    }
    this.#seen = this.#length;
    return -1;
  }
}

/** One character per byte, whatever they are. */
function asciiText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
