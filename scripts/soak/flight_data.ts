/** Frames of a long flight, made from their number alone, so that what is stored can be checked without keeping it. */

/** Which frames. */
export interface FlightPlan {
  readonly stream: string;
  readonly signals: number;
  readonly perSecond: number;
  /** Time of frame 0, nanoseconds since 1970. */
  readonly startNs: bigint;
}

/** Frame as `POST /v1/log` takes it, time included. */
export function frameText(number: number, plan: FlightPlan): string {
  const fields = Array.from({ length: plan.signals }, (_, at) => `"${signalName(at)}":${valueOf(number, at)}`);
  return `{"stream":"${plan.stream}","ts":"${tsOf(number, plan)}","data":{${fields.join(",")}}}`;
}

/** Time of a frame, nanoseconds since 1970. */
export function tsOf(number: number, { startNs, perSecond }: FlightPlan): bigint {
  return startNs + BigInt(number) * 1_000_000_000n / BigInt(perSecond);
}

/** Name of a signal: `s00`, `s01` and so on. */
export function signalName(at: number): string {
  return `s${String(at).padStart(2, "0")}`;
}

/** Value of a signal in a frame. The first is the frame's number, the others are waves of six decimals, as sensors give. */
export function valueOf(number: number, at: number): number {
  if (at === 0) return number;
  return Math.round(Math.sin(number / (7 * at) + at) * (10 + 3 * at) * 1e6) / 1e6;
}
