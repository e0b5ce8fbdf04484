/** The files of a ring never take more than its cap. */
import type { Check } from "./check.ts";

/** See the head of this file. */
export function cap(): Check {
  return {
    name: "the ring keeps within its cap",
    look: ({ vehicles }) => {
      const over = vehicles().find(({ peakBytes, ringBytesMax }) => peakBytes > ringBytesMax);
      return over && `ring of "${over.id}" took ${over.peakBytes} of ${over.ringBytesMax} bytes`;
    },
  };
}
