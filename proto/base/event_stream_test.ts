import { deepStrictEqual as equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { EventStreamParser } from "./event_stream.ts";

const text = ': hello\n\nevent: command\ndata: {"a":1}\n\ndata:two\ndata: lines\n\n: ping\n\nevent: stop\ndata: {}\n\n';
const events = [
  { event: "command", data: '{"a":1}' },
  { event: "message", data: "two\nlines" },
  { event: "stop", data: "{}" },
];

Deno.test("events are the same however the stream is cut", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
    const parser = new EventStreamParser();
    const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
    equal(places.slice(1).flatMap((end, i) => parser.push(text.slice(places[i], end))), events);
  }));
});

Deno.test("an event that never ends is refused", () => {
  const parser = new EventStreamParser();
  throws(() => parser.push("x".repeat(1024 * 1024 + 1)), { code: "too_large" });
});
