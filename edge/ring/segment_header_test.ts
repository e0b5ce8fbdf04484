import assert from "node:assert/strict";
import { parseEpoch } from "#proto/ids.ts";
import { decodeSegmentHeader, encodeSegmentHeader, headerBytes, type SegmentHeader } from "./segment_header.ts";

const header: SegmentHeader = {
  id: 123_456,
  epoch: parseEpoch(2n ** 63n - 1n),
  class: "event",
  first: 2 ** 53 - 1,
  salt: 0xffff_ffff,
  clockOffsetNs: -1_000_000_000n,
  createdNs: 1_780_000_000_000_000_000n,
  ancestors: [parseEpoch(3n), parseEpoch(2n)],
};

Deno.test("a header reads back as it was, with and without a fixed clock offset", () => {
  assert.deepEqual(decodeSegmentHeader(encodeSegmentHeader(header)), header);
  const unfixed = { ...header, clockOffsetNs: undefined, ancestors: [] };
  assert.deepEqual(decodeSegmentHeader(encodeSegmentHeader(unfixed)), unfixed);
});

Deno.test("any one damaged bit, and either lost sector, leaves the header readable", () => {
  const bytes = encodeSegmentHeader(header);
  for (let at = 0; at < headerBytes; at++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] ^= 1 << bit;
      assert.deepEqual(decodeSegmentHeader(bytes), header, `byte ${at} bit ${bit}`);
      bytes[at] ^= 1 << bit;
    }
  }
  for (const half of [0, headerBytes / 2]) {
    const torn = encodeSegmentHeader(header).fill(0, half, half + headerBytes / 2);
    assert.deepEqual(decodeSegmentHeader(torn), header);
  }
});

Deno.test("other bytes are no header", () => {
  assert.equal(decodeSegmentHeader(new Uint8Array(headerBytes)), undefined);
  assert.equal(decodeSegmentHeader(new Uint8Array(0)), undefined);
  assert.equal(decodeSegmentHeader(encodeSegmentHeader(header).map((byte) => byte ^ 0xff)), undefined);
});

Deno.test("version 1 keeps its bytes", () => {
  const bytes = encodeSegmentHeader({ ...header, epoch: parseEpoch(1n), first: 1, salt: 2 });
  const golden = "5353524701000102" + "40e2010000000000" + "0100000000000000" + "0100000000000000" +
    "0200000000000000" + "003665c4ffffffff" + "000032b491d4b318" + "0000000000000000" +
    "0300000000000000" + "0200000000000000";
  assert.equal(bytes.subarray(0, 80).toHex(), golden);
});
