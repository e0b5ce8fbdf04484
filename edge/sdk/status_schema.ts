/** What `GET /v1/status` answers, as a JSON schema. */
import { classes } from "#proto/class.ts";
import { codes } from "#proto/errors.ts";

const text = (description: string) => ({ type: "string", description });
const count = (description: string) => ({ type: "integer", minimum: 0, description });
const orNull = (type: "string" | "number" | "integer" | "boolean", description: string) => ({
  type: [type, "null"],
  description,
});

/** Every member is always there: what is not known is null. */
function object<T extends Record<string, object>>(properties: T) {
  return { type: "object", required: Object.keys(properties), additionalProperties: false, properties };
}

const laneWindow = object({
  bytes_used: count("Sent and not yet received"),
  bytes_max: count("What may be; 0 while there is no link"),
});

/** Schema of the body that `statusView` makes. */
export const statusSchema = object({
  vehicle_id: text("As in the certificate"),
  agent_version: text("Of this binary"),
  boot: text("Random id of this start of the agent, hex"),
  epoch: text("The present time base, decimal"),
  link: { enum: ["linked", "connecting", "waiting", "stopped"] },
  link_reason: {
    enum: [...Object.keys(codes), null],
    description: "Code of why there is no link or the last one ended",
  },
  link_detail: text("The reason in words; empty when there is none"),
  node: orNull("string", "Node name of the relay that is linked or was tried last"),
  relay: orNull("string", "The relay's own name, while linked"),
  transport: {
    enum: ["quic", "tcp", "memory", null],
    description: "What the link runs on, while linked; tcp where UDP does not get through",
  },
  relay_ready: orNull("boolean", "Whether the relay can hand telemetry on, while linked"),
  rtt_ms: orNull("number", "Round trip to the relay"),
  clock_offset_ns: orNull("string", "To add to the vehicle's wall clock to get the relay's, at present; decimal"),
  epoch_clock_offset_ns: orNull("string", "The offset that is fixed for the present epoch; decimal"),
  ring: object({
    bytes_used: count("Of all files"),
    bytes_max: count("Never passed"),
    fill: { type: "number", description: "0 to 1: what cannot be given back without a loss" },
    hours_of_cover: orNull("number", "How long the ring takes data at the present rate; null while nothing comes"),
    oldest_ts: orNull("string", "Of the oldest record on board; nanoseconds since 1970, decimal"),
    buffered_records: count("Answered `buffered` and not durable yet"),
    fault: orNull("string", "Why the disk takes no writes at present, its silence included"),
  }),
  backlog: object({
    records: count("On board and not yet received by the relay"),
    bytes: { type: "number", description: "Of these, estimated" },
  }),
  gone: object({
    lost: count(
      "Records overwritten, damaged or never durable, without a verdict, since this start; gap records name them",
    ),
    quarantined: count("Records that the cloud put aside since this start"),
  }),
  unsettled: {
    type: "array",
    description: "Per epoch and class with records that have no verdict yet. Empty: the cloud has all",
    items: object({
      epoch: text("Decimal"),
      class: { enum: [...classes] },
      first: count("The lowest seq of these: all below are settled"),
      records: count("How many"),
    }),
  },
  window: object({ live: laneWindow, backfill: laneWindow }),
  certificate: object({
    serial: orNull("string", "Of the certificate that the next login uses, hex"),
    not_after_ms: orNull("integer", "Its end; ms since 1970"),
    days_left: orNull("number", "Until its end, negative behind it; by the relay's clock while linked"),
    fault: orNull("string", "Why the certificate and key on disk are not used, and older ones are"),
  }),
  commands: object({
    software: orNull("string", "Who takes commands, by the name that it gave"),
    waiting: orNull("integer", "Commands that wait for software; null where the vehicle takes no commands"),
    running: orNull("integer", "Commands that software has begun"),
    stopped: orNull("boolean", "Whether a stop is in force"),
  }),
  last_received_at_ms: orNull("integer", "When the relay last said that the log has something; ms since 1970"),
  last_verdict_at_ms: orNull("integer", "When the last verdict came; ms since 1970"),
});
