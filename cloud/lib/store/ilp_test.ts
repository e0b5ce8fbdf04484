import { strictEqual as equal, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeLines } from "./ilp.ts";
import { planWrite } from "./plan.ts";
import { blockOf, epoch, startNs, type TestData } from "./testing/blocks.ts";

/** Bytes one to one, so that binary values can be written down. */
function lines(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function linesOf(stream: string, data: TestData): string {
  const { rows } = planWrite(new Map(), [blockOf(stream, [{ seq: 7, ts: startNs, data }])]);
  return lines(encodeLines(rows, []));
}

const start = `telemetry,vehicle_id=drone-001 epoch=${epoch}i,class=2i,seq=7i`;

Deno.test("doubles are binary, integers and booleans are whole numbers, nulls are left out", () => {
  equal(
    linesOf("telemetry", { d: 1.5, b: true, l: 2n ** 60n, n: null }),
    `${start},d==\x10\0\0\0\0\0\0\xf8\x3f,b=1i,l=1152921504606846976i ${startNs}\n`,
  );
});

Deno.test("arrays are binary with their length", () => {
  equal(
    linesOf("telemetry", { a: [-0], e: [] }).slice(start.length),
    [
      `,a==\x0e\x0a\x01\x01\0\0\0\0\0\0\0\0\0\0\x80`,
      `,e==\x0e\x0a\x01\0\0\0\0 ${startNs}\n`,
    ].join(""),
  );
});

Deno.test("texts are quoted, and what would end them is escaped", () => {
  const text = Buffer.from('é"\\\n\r').toString("latin1").replace(/["\\\n\r]/g, "\\$&");
  equal(linesOf("telemetry", { s: 'é"\\\n\r' }), `${start},s="${text}" ${startNs}\n`);
});

Deno.test("strays go to the overflow column as JSON", () => {
  equal(linesOf("telemetry", { l: -(2n ** 63n) }), `${start},overflow="{\\"l\\":-9223372036854775808}" ${startNs}\n`);
});

Deno.test("documents are lines of their own table", () => {
  const document = { kind: "ledger", key: "drone-001/5", atNs: 9n, text: '{"a":1}' } as const;
  equal(lines(encodeLines([], [document])), `_documents,kind=ledger key="drone-001/5",text="{\\"a\\":1}" 9\n`);
});

Deno.test("a name that would need an escape is a broken promise", () => {
  const { rows } = planWrite(new Map(), [blockOf("telemetry", [{ seq: 1, ts: startNs, data: {} }])]);
  throws(() => encodeLines([{ ...rows[0], table: "a,b=c d" }], []), { name: "AssertionError" });
});

Deno.test("many rows grow the buffer and stay whole", () => {
  const frames = Array.from({ length: 5_000 }, (_, at) => ({ seq: at + 1, ts: startNs, data: { s: `text ${at} é` } }));
  const text = Buffer.from(encodeLines(planWrite(new Map(), [blockOf("telemetry", frames)]).rows, [])).toString();
  equal(text.split("\n").filter((line, at) => line.includes(`seq=${at + 1}i,s="text ${at} é"`)).length, 5_000);
});
