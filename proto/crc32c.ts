/**
 * CRC32C (Castagnoli), as iSCSI uses it. Source: RFC 3720 section 12.1 and appendix B.4. Eight bytes a step by eight
 * tables ("slicing by 8", M. Kounavis and F. Berry, 2005).
 */

const reflectedPolynomial = 0x82f63b78;
const tables = makeTables();

/**
 * The checksum of the bytes from `from` to before `to` as an unsigned 32-bit number; `seed` is the checksum of what comes
 * before these.
 */
export function crc32c(bytes: Uint8Array, seed = 0, from = 0, to = bytes.length): number {
  let crc = ~seed;
  let at = from;
  for (const end = to - 7; at < end; at += 8) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc = tables[0x700 + (crc & 0xff)] ^ tables[0x600 + ((crc >>> 8) & 0xff)] ^
      tables[0x500 + ((crc >>> 16) & 0xff)] ^ tables[0x400 + (crc >>> 24)] ^
      tables[0x300 + bytes[at + 4]] ^ tables[0x200 + bytes[at + 5]] ^
      tables[0x100 + bytes[at + 6]] ^ tables[bytes[at + 7]];
  }
  for (; at < to; at++) crc = tables[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** {@link crc32c} of the eight bytes of two 32-bit numbers, little endian: for short heads, without a view of them. */
export function crc32cOfWords(low: number, high: number, seed = 0): number {
  const crc = ~seed ^ low;
  return ~(tables[0x700 + (crc & 0xff)] ^ tables[0x600 + ((crc >>> 8) & 0xff)] ^
    tables[0x500 + ((crc >>> 16) & 0xff)] ^ tables[0x400 + (crc >>> 24)] ^
    tables[0x300 + (high & 0xff)] ^ tables[0x200 + ((high >>> 8) & 0xff)] ^
    tables[0x100 + ((high >>> 16) & 0xff)] ^ tables[high >>> 24]) >>> 0;
}

/** Table k, at 256 k, holds the effect of a byte that k further bytes follow. */
function makeTables(): Int32Array {
  const out = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? reflectedPolynomial : 0);
    out[byte] = crc;
  }
  for (let at = 256; at < out.length; at++) out[at] = (out[at - 256] >>> 8) ^ out[out[at - 256] & 0xff];
  return out;
}
