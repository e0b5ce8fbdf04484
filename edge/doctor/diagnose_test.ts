import { deepStrictEqual as equal, match, ok, strictEqual } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { Fault } from "#proto/errors.ts";
import { parseAgentConfig } from "../config.ts";
import { diagnose } from "./diagnose.ts";
import type { Evidence, MachineEvidence, QuicEvidence, RelayEvidence } from "./evidence.ts";
import { type Cause, causeOf, type Check, checks, type Finding } from "./finding.ts";
import { reportJson, reportText } from "./report.ts";

const nowMs = Date.UTC(2026, 5, 1);
const nowNs = BigInt(nowMs) * 1_000_000n;
const day = 86_400_000;
const configText = `vehicle_id: drone-001
certificate: vehicle.crt
key: vehicle.key
roots: [relay.crt]
relay: { addresses: ["relay.test:443"] }
ring: { path: ring, bytes: 512MiB }
`;

const challenged: QuicEvidence = { kind: "challenged", relayTimeNs: nowNs, tookMs: 12 };
const relay: RelayEvidence = {
  host: "relay.test",
  port: 443,
  addresses: ["192.0.2.1"],
  tcp: "silent",
  quic: challenged,
};
const machine: MachineEvidence = {
  leaf: {
    vehicle: parseVehicleId("drone-001"),
    publicKey: undefined as never,
    notBeforeMs: nowMs - 10 * day,
    notAfterMs: nowMs + 80 * day,
    serial: "1f",
  },
  clock: { wallNs: nowNs, synchronized: true, passed: { build: nowNs - 1n, ring: undefined, certificate: undefined } },
  disk: { path: "/ring", fault: undefined, freeBytes: 1e12, ringBytes: 0, isHeld: true },
  agent: {
    link: "linked",
    linkReason: undefined,
    linkDetail: "",
    relayReady: true,
    ringFill: 0.1,
    ringFault: undefined,
    backlogRecords: 7,
  },
  relays: [relay],
};

function evidenceOf(change: Partial<MachineEvidence> = {}, text = configText): Evidence {
  return { file: "/etc/agent.yaml", config: parseAgentConfig(text, "agent.yaml"), machine: { ...machine, ...change } };
}

const { leaf, clock, disk, agent } = machine;
ok(!(leaf instanceof Fault) && agent !== undefined);
const over = (quic: QuicEvidence, more: Partial<RelayEvidence> = {}) => ({ relays: [{ ...relay, quic, ...more }] });
const handshake = (reason: string) =>
  over({ kind: "failed", reason: `the cryptographic handshake failed: error 42: invalid peer certificate: ${reason}` });
const refused = (code: "unknown_issuer" | "certificate_revoked" | "busy" | "wrong_node") =>
  over({ kind: "refused", code, detail: "by test" });
const silent: QuicEvidence = { kind: "silent", afterMs: 4000 };
const at = (ms: number, change = {}) => ({ ...clock, wallNs: BigInt(ms) * 1_000_000n, ...change });
const passed = { build: nowNs, ring: nowNs, certificate: nowNs };
const ended = { ...leaf, notAfterMs: nowMs - 3 * day };
const refusing = configText.replace("512MiB", "512MiB, when_full: refuse");

/** One fault each, and what must be named first. */
const faults: readonly (readonly [string, Evidence, Check, Cause])[] = [
  ["config that is no YAML", { ...evidenceOf(), config: new Fault("bad_config", "no YAML") }, "config", "config_bad"],
  [
    "key of another certificate",
    evidenceOf({ leaf: new Fault("bad_config", "other key") }),
    "identity",
    "credentials_bad",
  ],
  [
    "clock at 1970",
    evidenceOf({ clock: at(0, { synchronized: false, passed }), ...over(silent) }),
    "clock",
    "clock_behind",
  ],
  [
    "clock at 1970, and the relay's certificate not valid yet by it",
    evidenceOf({ clock: at(0, { synchronized: false, passed }), ...handshake("certificate not valid yet: ...") }),
    "clock",
    "clock_behind",
  ],
  [
    "clock years ahead, relay answers",
    evidenceOf({ clock: at(nowMs + 900 * day) }),
    "clock",
    "clock_ahead",
  ],
  [
    "clock years ahead, both certificates ended by it",
    evidenceOf({ clock: at(nowMs + 900 * day, { synchronized: false }), ...handshake("certificate expired: ...") }),
    "clock",
    "clock_ahead",
  ],
  ["certificate ended", evidenceOf({ leaf: ended, ...refused("busy") }), "certificate", "certificate_expired"],
  [
    "certificate for later",
    evidenceOf({ leaf: { ...leaf, notBeforeMs: nowMs + day }, ...over(silent) }),
    "certificate",
    "certificate_not_yet_valid",
  ],
  [
    "ring's directory not writable",
    evidenceOf({ disk: { ...disk, fault: new Fault("disk_failed", "EROFS") } }),
    "disk",
    "disk_failed",
  ],
  ["disk full", evidenceOf({ disk: { ...disk, fault: new Fault("disk_full", "ENOSPC") } }), "disk", "disk_full"],
  ["ring held by a stranger", evidenceOf({ agent: undefined }), "ring", "ring_in_use"],
  ["ring full", evidenceOf({ agent: { ...agent, ringFill: 1 }, ...over(silent) }, refusing), "ring", "ring_full"],
  ["disk that does not answer", evidenceOf({ agent: { ...agent, ringFault: "silent" } }), "ring", "ring_refuses"],
  [
    "name unknown",
    evidenceOf(over(silent, { addresses: new Fault("link_dead", "ENOTFOUND") })),
    "name",
    "name_unknown",
  ],
  ["UDP blocked", evidenceOf(over(silent, { tcp: "open" })), "network", "udp_blocked"],
  ["relay stopped", evidenceOf(over(silent, { tcp: "refused" })), "network", "relay_unreachable"],
  ["offline", evidenceOf(over(silent)), "network", "relay_unreachable"],
  [
    "no route",
    evidenceOf(over({ kind: "failed", reason: "Network is unreachable (os error 101)" })),
    "network",
    "network_down",
  ],
  ["TLS name", evidenceOf(handshake('certificate not valid for name "a"')), "relay_certificate", "relay_name_mismatch"],
  ["TLS root", evidenceOf(handshake("UnknownIssuer")), "relay_certificate", "relay_issuer_unknown"],
  [
    "relay's certificate ended",
    evidenceOf(handshake("certificate expired: ...")),
    "relay_certificate",
    "relay_certificate_expired",
  ],
  [
    "another program on the port",
    evidenceOf(handshake("peer doesn't support any known protocol")),
    "relay_certificate",
    "relay_not_ours",
  ],
  ["relay stands still", evidenceOf(over({ kind: "mute", afterMs: 2000 })), "login", "relay_silent"],
  ["issuer unknown to the relay", evidenceOf(refused("unknown_issuer")), "login", "relay_refuses"],
  ["revoked", evidenceOf(refused("certificate_revoked")), "login", "relay_refuses"],
  ["another node's name", evidenceOf(refused("wrong_node")), "login", "relay_refuses"],
  [
    "revoked, as the agent was told",
    evidenceOf({ agent: { ...agent, link: "waiting", linkReason: "certificate_revoked", linkDetail: "on the list" } }),
    "login",
    "relay_refuses",
  ],
  [
    "agent that has not linked yet",
    evidenceOf({ agent: { ...agent, link: "connecting" } }),
    "link",
    "agent_not_linked",
  ],
];

for (const [what, evidence, check, wanted] of faults) {
  Deno.test(`the doctor names the cause first: ${what}`, () => {
    const found = causeOf(diagnose(evidence));
    equal([found?.check, found?.cause], [check, wanted], found?.says);
    match(reportText(diagnose(evidence)), new RegExp(`The cause: ${wanted} \\(${check}\\)\\.$`));
  });
}

Deno.test("a vehicle that is well has no bad finding and no warning", () => {
  const findings = diagnose(evidenceOf());
  equal(findings.filter(({ state }) => state !== "good"), []);
  match(reportText(findings), /All is well\.$/);
});

Deno.test("what does not keep the vehicle from the cloud is a warning, and no cause", () => {
  const other = { ...relay, host: "other.test", quic: silent };
  const cases: readonly (readonly [Cause, Evidence])[] = [
    ["clock_off", evidenceOf({ clock: at(nowMs + 3_600_000) })],
    ["certificate_ending", evidenceOf({ leaf: { ...leaf, notAfterMs: nowMs + 2 * day } })],
    ["disk_short", evidenceOf({ disk: { ...disk, freeBytes: 1024 } })],
    ["ring_overwrites", evidenceOf({ agent: { ...agent, ringFill: 0.99 } })],
    ["relay_unreachable", evidenceOf({ relays: [other, relay] })],
    ["relay_not_ready", evidenceOf({ agent: { ...agent, relayReady: false } })],
  ];
  for (const [wanted, evidence] of cases) {
    const findings = diagnose(evidence);
    equal(findings.filter(({ state }) => state !== "good").map(({ cause, state }) => [cause, state]), [[
      wanted,
      "warning",
    ]]);
    strictEqual(causeOf(findings), undefined);
  }
});

Deno.test("a certificate that ended by a clock far ahead is the clock's fault alone, once a relay tells the time", () => {
  const findings = diagnose(evidenceOf({ clock: at(nowMs + 900 * day) }));
  equal(findings.filter(({ state }) => state === "bad").map(({ check }) => check), ["clock"]);
});

Deno.test("findings come in the order in which one thing stands on another", () => {
  const places = diagnose(evidenceOf(over(silent))).map(({ check }) => checks.indexOf(check));
  equal(places, places.toSorted((a, b) => a - b));
});

Deno.test("as JSON there is the cause and every finding", () => {
  const findings: Finding[] = diagnose(evidenceOf(refused("certificate_revoked")));
  const { vehicle_id, cause, findings: all } = JSON.parse(reportJson("drone-001", findings));
  equal([vehicle_id, cause.code, all.length], ["drone-001", "certificate_revoked", findings.length]);
  strictEqual(JSON.parse(reportJson(undefined, [])).cause, null);
});
