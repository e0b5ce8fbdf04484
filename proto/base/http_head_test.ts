import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { httpHeadBytesMax } from "../limits.ts";
import { HttpHead } from "./http_head.ts";

const encoder = new TextEncoder();

function standingOf(text: string): string {
  return new HttpHead().push(encoder.encode(text));
}

const good = "GET /v1/streams?a=%20b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";

Deno.test("a head is whole at its empty line, wherever it is cut, and what follows is kept", () => {
  const bytes = encoder.encode(`${good}body`);
  for (let cut = 1; cut < bytes.length; cut++) {
    const head = new HttpHead();
    strictEqual(head.push(bytes.subarray(0, cut)), cut < good.length ? "more" : "whole", String(cut));
    strictEqual(head.push(bytes.subarray(cut)), "whole", String(cut));
    deepStrictEqual(head.bytes, bytes);
  }
});

Deno.test("a client that begins with HTTP/2 is known by its preface, whatever follows in the same bytes", () => {
  for (const more of ["", "SM\r\n\r\n", "SM\r\n\r\n\0\0\0\x04"]) {
    strictEqual(standingOf(`PRI * HTTP/2.0\r\n\r\n${more}`), "http2");
  }
  for (const text of ["PRI / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\na: b\r\n\r\n", "GET * HTTP/2.0\r\n\r\n"]) {
    strictEqual(standingOf(text), "malformed", text);
  }
});

Deno.test("what is no request of HTTP/1 is malformed, some of it at once", () => {
  for (const text of ["\x16\x03\x01", "\r\n", "get / HTTP/1.1\r\n", "\0", " GET", "1"]) {
    strictEqual(standingOf(text), "malformed", JSON.stringify(text));
  }
  for (
    const line of [
      "GET /",
      "GET / HTTP/1.2",
      "GET / HTTP/3",
      "GET  / HTTP/1.1",
      "GET / x HTTP/1.1",
      "GET /\0 HTTP/1.1",
      "GET /\u00e9 HTTP/1.1",
      "ABCDEFGHIJKLMNOPQ / HTTP/1.1",
    ]
  ) strictEqual(standingOf(`${line}\r\n\r\n`), "malformed", line);
});

Deno.test("a head has its bound, with an end behind it or without", () => {
  const filled = (length: number) => `GET / HTTP/1.1\r\nA: ${"a".repeat(length - 23)}\r\n\r\n`;
  strictEqual(filled(httpHeadBytesMax).length, httpHeadBytesMax);
  strictEqual(standingOf(filled(httpHeadBytesMax)), "whole");
  strictEqual(standingOf(filled(httpHeadBytesMax + 1)), "too_large");
  strictEqual(standingOf("A".repeat(httpHeadBytesMax - 1)), "more");
  strictEqual(standingOf("A".repeat(httpHeadBytesMax)), "too_large");
});

Deno.test("an upgrade is seen in a field's name only", () => {
  const asks = (fields: string) => {
    const head = new HttpHead();
    head.push(encoder.encode(`GET /upgrade: HTTP/1.1\r\n${fields}\r\n\r\n`));
    return head.asksForUpgrade;
  };
  deepStrictEqual(["Upgrade: websocket", "UPGRADE:x", "Host: upgrade:"].map(asks), [true, true, false]);
});

Deno.test("any bytes in any pieces come to the same standing as at once, and a standing other than more is the last", () => {
  const piece = fc.oneof(fc.constantFrom("GET / HTTP/1.1", "\r\n", "\r\n\r\n", "A: b", "\n"), fc.string());
  fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
    const head = new HttpHead();
    const standings = pieces.filter((text) => text !== "").map((text) => head.push(encoder.encode(text)));
    const firstDone = standings.findIndex((standing) => standing !== "more");
    if (firstDone < 0) return;
    const once = standingOf(pieces.filter((text) => text !== "").slice(0, firstDone + 1).join(""));
    ok(once === standings[firstDone], `${once} and ${standings[firstDone]}`);
  }));
});
