/** CRC32C (Castagnoli), as iSCSI uses it. Source: RFC 3720 section 12.1 and appendix B.4. */

/** The checksum as an unsigned 32-bit number; `seed` is the checksum of the bytes before these. */
export function crc32c(_bytes: Uint8Array, _seed = 0): number {
  throw new Error("to be written");
}
