/** Which of the frames that an agent answered `durable` have their verdict by now, by its status. Pure. */

/** A frame and where it lies. */
export interface PlacedFrame {
  readonly stream: string;
  readonly epoch: string;
  readonly class: string;
  readonly seq: number;
  /** What it carries. */
  readonly number: number;
}

/** Of a status: per epoch and class with records without a verdict, the lowest such seq. */
export interface UnsettledLine {
  readonly epoch: string;
  readonly class: string;
  readonly first: number;
}

/** Splits frames that were answered before the status was asked for. What is not surely settled counts as open. */
export function splitSettled(
  frames: readonly PlacedFrame[],
  unsettled: readonly UnsettledLine[],
): { settled: PlacedFrame[]; open: PlacedFrame[] } {
  const firstOpen = new Map(unsettled.map((line) => [`${line.epoch} ${line.class}`, line.first]));
  const isSettled = (frame: PlacedFrame) => frame.seq < (firstOpen.get(`${frame.epoch} ${frame.class}`) ?? Infinity);
  return { settled: frames.filter(isSettled), open: frames.filter((frame) => !isSettled(frame)) };
}
