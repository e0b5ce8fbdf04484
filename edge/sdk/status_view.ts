/** The agent's snapshot as `GET /v1/status` shows it: units in the names, exact numbers as text. See status_schema.ts. */
import type { AgentStatus } from "../agent_status.ts";

/** The body of `GET /v1/status`. */
export function statusView(status: AgentStatus): Record<string, unknown> {
  const { link, ring, window, lastAcks, certificate, commands } = status;
  return {
    vehicle_id: status.vehicleId,
    agent_version: status.agentVersion,
    boot: status.boot,
    epoch: status.epoch.toString(),
    link: link.state,
    link_reason: link.reason ?? null,
    link_detail: link.detail,
    node: link.node ?? null,
    relay: link.relay ?? null,
    transport: link.transport ?? null,
    relay_ready: link.ready ?? null,
    rtt_ms: link.rttMs ?? null,
    clock_offset_ns: link.clockOffsetNs?.toString() ?? null,
    epoch_clock_offset_ns: status.clockOffsetNs?.toString() ?? null,
    ring: {
      bytes_used: ring.bytesUsed,
      bytes_max: ring.bytesMax,
      fill: ring.fill,
      hours_of_cover: ring.hoursOfCover ?? null,
      oldest_ts: ring.oldestTs?.toString() ?? null,
      buffered_records: ring.buffered,
      fault: ring.fault?.message ?? null,
    },
    backlog: status.backlog,
    gone: status.gone,
    unsettled: status.unsettled.map((line) => ({ ...line, epoch: line.epoch.toString() })),
    window: {
      live: { bytes_used: window.live.bytesUsed, bytes_max: window.live.bytesMax },
      backfill: { bytes_used: window.backfill.bytesUsed, bytes_max: window.backfill.bytesMax },
    },
    certificate: {
      serial: certificate?.serial ?? null,
      not_after_ms: certificate?.notAfterMs ?? null,
      days_left: certificate?.daysLeft ?? null,
      fault: certificate?.fault?.message ?? null,
    },
    commands: {
      software: commands?.software ?? null,
      waiting: commands?.waiting ?? null,
      running: commands?.running ?? null,
      stopped: commands?.stopped ?? null,
    },
    last_received_at_ms: lastAcks.receivedAtMs ?? null,
    last_verdict_at_ms: lastAcks.verdictAtMs ?? null,
  };
}
