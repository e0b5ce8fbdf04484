/** Sizes of the ring's files, from what the configuration says. */
import { Fault } from "#proto/errors.ts";
import {
  ringSegmentBytesDefaultMin,
  ringSegmentBytesMax,
  ringSegmentBytesMin,
  ringSegmentsMin,
  ringWatermarkBytesMax,
} from "../limits.ts";

/** Bytes of one file of each kind. */
export interface RingSizes {
  readonly segmentBytes: number;
  readonly watermarkBytes: number;
}

/**
 * The segment's size is what is asked for, else a 64th of the ring, in whole blocks within bounds. Throws `bad_config`
 * when it is out of bounds, or the ring holds too few of them.
 */
export function ringSizes(options: { bytesMax: number; segmentBytes?: number }): RingSizes {
  const { bytesMax, segmentBytes: wanted } = options;
  const usual = Math.min(ringSegmentBytesMax, Math.max(ringSegmentBytesDefaultMin, Math.floor(bytesMax / 64)));
  const segmentBytes = Math.floor((wanted ?? usual) / 4096) * 4096;
  if (segmentBytes < ringSegmentBytesMin || segmentBytes > ringSegmentBytesMax) {
    const bounds = `${ringSegmentBytesMin} to ${ringSegmentBytesMax}`;
    throw new Fault("bad_config", `Cannot open ring with segments of ${segmentBytes} bytes: wanted ${bounds}`);
  }
  if (bytesMax < ringSegmentsMin * segmentBytes) {
    const least = `at least ${ringSegmentsMin} segments of ${segmentBytes} bytes`;
    throw new Fault("bad_config", `Cannot open ring of ${bytesMax} bytes: wanted ${least}`);
  }
  return { segmentBytes, watermarkBytes: Math.min(ringWatermarkBytesMax, segmentBytes) };
}
