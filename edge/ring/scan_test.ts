import assert from "node:assert/strict";
import { parseEpoch } from "#proto/ids.ts";
import { countOf, formatRanges } from "#proto/ranges.ts";
import { VirtualDisk } from "#proto/testing/disk.ts";
import { seededRandom } from "#proto/testing/random.ts";
import { EncodedRecords } from "./encoded_records.ts";
import { endEntryBytes, walkEntries } from "./entry.ts";
import { scanSegment } from "./scan.ts";
import { headerBytes, type SegmentHeader } from "./segment_header.ts";
import { emptyContent, SegmentWriter } from "./segment_writer.ts";
import { frame } from "./testing/rig.ts";

const header: SegmentHeader = {
  id: 7,
  epoch: parseEpoch(42n),
  class: "normal",
  first: 11,
  salt: 0x5a17ed00,
  clockOffsetNs: undefined,
  createdNs: 1n,
  ancestors: [],
};

/** A segment of seqs 11 to 10 + `count`, in a file whose former life was another segment. */
async function segmentOf(count: number): Promise<Uint8Array> {
  const disk = new VirtualDisk(seededRandom(1));
  const file = await disk.open("s", { create: true });
  for (const salt of [1, header.salt]) {
    const segment = {
      header: { ...header, salt },
      name: "s",
      bytes: 8192,
      last: 10,
      content: emptyContent(),
      dropped: false,
    };
    await file.allocate(8192);
    const writer = new SegmentWriter(segment, { file, disk });
    // The former life was longer, so that old entries lie behind the new end.
    for (let i = 0; i < (salt === 1 ? 2 * count : count); i++) {
      const records = new EncodedRecords();
      records.add({ frame: frame(i, 30 + i), seq: header.first + i, shapeNumber: 0 });
      writer.fill(records, 0);
      await writer.flush();
    }
  }
  const [bytes] = disk.images("s");
  return bytes;
}

/** Where the entries lie: per record its seq, for others undefined. */
function layout(bytes: Uint8Array) {
  let seq = header.first;
  return [...walkEntries(bytes, { base: 0, from: headerBytes, salt: header.salt })]
    .map(({ kind, start, end }) => ({ kind, start, end, seq: kind === "record" ? seq++ : undefined }));
}

Deno.test("a whole segment shows its records, and nothing of the file's former life", async () => {
  const { content, last } = scanSegment(await segmentOf(8), header);
  assert.equal(formatRanges(content.held), "11-18");
  assert.equal(last, 18);
  assert.equal(content.shapes[0].stream, "telemetry");
  assert.equal(content.marks[0].seq, 11);
});

Deno.test("any flipped bit costs the record that it hit, which is still known to be missing, and nothing else", async () => {
  const bytes = await segmentOf(8);
  const entries = layout(bytes);
  const end = entries[entries.length - 1].end;
  for (let at = headerBytes; at < end; at++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] ^= 1 << bit;
      const { content, last } = scanSegment(bytes, header);
      const hit = entries.find((entry) => entry.start <= at && at < entry.end)?.seq;
      assert.equal(last, 18, `byte ${at} bit ${bit}`);
      assert.equal(countOf(content.held), hit === undefined ? 8 : 7, `byte ${at} bit ${bit}`);
      assert.ok(hit === undefined || !content.held.some(({ first, last }) => first <= hit && hit <= last));
      bytes[at] ^= 1 << bit;
    }
  }
});

Deno.test("a segment cut at any byte shows exactly the records before the cut", async () => {
  const bytes = await segmentOf(8);
  const entries = layout(bytes);
  const end = entries[entries.length - 1].end;
  for (let cut = 0; cut <= end; cut++) {
    const { content, last } = scanSegment(bytes.subarray(0, cut), header);
    const whole = entries.filter((entry) => entry.seq !== undefined && entry.end <= cut).length;
    assert.equal(countOf(content.held), whole, `cut at ${cut}`);
    assert.equal(last, header.first - 1 + whole, `cut at ${cut}`);
  }
});

Deno.test("a damaged stretch over several records costs these and no more", async () => {
  const bytes = await segmentOf(8);
  const records = layout(bytes).filter(({ seq }) => seq !== undefined);
  bytes.fill(0xee, records[2].start + 5, records[4].end - 5);
  const { content, last } = scanSegment(bytes, header);
  assert.equal(formatRanges(content.held), "11-12,16-18");
  assert.equal(last, 18);
});

Deno.test("random bytes show nothing and end", () => {
  const { content } = scanSegment(seededRandom(3).bytes(20_000), header);
  assert.deepEqual(content.held, []);
  assert.equal(content.end, headerBytes);
  assert.ok(endEntryBytes < headerBytes);
});
