/** The doctor as a program, on faults of the real world: each is the first that it names, within 10 s. */
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { certificateCheck } from "#proto/base/certificate.ts";
import { FrameDecoder } from "#proto/frame.ts";
import { instantOf } from "#proto/instant.ts";
import { systemClock } from "#proto/io/clock.ts";
import { quicListener } from "#proto/io/quic.ts";
import { systemRandom } from "#proto/io/random.ts";
import { readFrames } from "#proto/lane_reader.ts";
import type { Link } from "#proto/ports.ts";
import { RelayLogin } from "#proto/relay_login.ts";
import { type Authority, makeAuthority, type Validity } from "#proto/testing/certificates.ts";

const main = fileURLToPath(new URL("../../edge/main.ts", import.meta.url));
const limitMs = 10_000;
const hour = 3_600_000;
const nowMs = Date.now();
const valid: Validity = { notBeforeMs: nowMs - hour, notAfterMs: nowMs + 1000 * hour };
const ours = await makeAuthority("ours", valid);
const strange = await makeAuthority("strange", valid);
const node = "localhost";
await new Deno.Command(Deno.execPath(), { args: ["cache", "--quiet", main] }).output();

interface Vehicle {
  readonly folder: string;
  /** Of the configuration. */
  readonly settings: Record<string, unknown>;
}

interface Report {
  readonly cause: { readonly check: string; readonly cause: string; readonly code?: string } | null;
  readonly findings: readonly { readonly says: string; readonly state: string }[];
}

/** Makes a vehicle whose relay is at a port of this machine, lets something be done to it, and asks the doctor. */
async function examine(
  port: number,
  change: (vehicle: Vehicle) => void | Promise<void> = () => {},
  options: { validity?: Validity; args?: readonly string[] } = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "doctor-" });
  const settings = {
    vehicle_id: "drone-001",
    certificate: "vehicle.crt",
    key: "vehicle.key",
    roots: ["relay.crt"],
    relay: { addresses: [`${node}:${port}`] },
    ring: { path: "ring", bytes: "16MiB" },
    sdk: { address: "127.0.0.1:9" },
  };
  try {
    const leaf = await ours.issueVehicle("drone-001", options.validity ?? valid);
    await Deno.writeTextFile(`${folder}/vehicle.crt`, leaf.chainPem);
    await Deno.writeTextFile(`${folder}/vehicle.key`, leaf.keyPem);
    await Deno.writeTextFile(`${folder}/relay.crt`, ours.relayIssuer.certPem);
    await Deno.mkdir(`${folder}/ring`);
    await change({ folder, settings });
    await Deno.writeTextFile(`${folder}/agent.yaml`, JSON.stringify(settings));
    const begin = performance.now();
    const args = ["run", "-A", "--no-check", main, "doctor", "--config", `${folder}/agent.yaml`];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, ...options.args ?? ["--json"]],
    })
      .output();
    const ms = performance.now() - begin;
    return { code, ms, said: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function causeOf(...parameters: Parameters<typeof examine>) {
  const { code, ms, said, errors } = await examine(...parameters);
  const report = JSON.parse(said || `{"errors":${JSON.stringify(errors)}}`) as Report;
  ok(ms < limitMs, `${Math.round(ms)} ms`);
  return { cause: report.cause?.cause, code: report.cause?.code, exit: code, report };
}

/** Takes links until the test is over, and does with each as it is told. */
async function withRelay(
  { authority = ours, name = node, validity = valid, greets = loginOf(ours) }: {
    authority?: Authority;
    name?: string;
    validity?: Validity;
    greets?: (link: Link) => Promise<void>;
  },
  work: (port: number) => Promise<void>,
): Promise<void> {
  const { chainPem, keyPem } = await authority.issueRelay(name, validity);
  const listener = quicListener({ hostname: "127.0.0.1", port: 0, certPem: chainPem, keyPem });
  const serving = (async () => {
    for await (const link of listener.accept()) void greets(link).catch(() => link.close({ code: 0, reason: "" }));
  })();
  try {
    await work(listener.port);
  } finally {
    await listener.close();
    await serving;
  }
}

/** Answers as a relay that knows the vehicles of an authority. */
function loginOf(authority: Authority, relayNode = node): (link: Link) => Promise<void> {
  const checkChain = certificateCheck({ roots: [authority.root.certPem] });
  const clock = systemClock();
  const random = systemRandom();
  return async (link) => {
    const login = new RelayLogin(
      { node: relayNode, tlsCertificateSha256: new Uint8Array(32), nonce: random.bytes(32), checkChain },
      instantOf(clock),
    );
    await readFrames(link, "control", {
      decoder: new FrameDecoder(),
      handleFrame: async (frame) => {
        const step = login.handleFrame(frame, instantOf(clock));
        if (step.kind !== "accept") await link.write("control", step.bytes);
      },
    });
  };
}

const nobody = 9;

Deno.test("a vehicle that is well is told so, and no login is finished", async () => {
  await withRelay({}, async (port) => {
    const { code, said } = await examine(port, undefined, { args: [] });
    equal(code, 0, said);
    match(said, /All is well\.\n$/);
  });
});

Deno.test("what is wrong with the vehicle's own files, clock and disk comes first", async () => {
  const other = await strange.issueVehicle("drone-001", valid);
  const cases: readonly [string, Parameters<typeof examine>[1], Parameters<typeof examine>[2]?][] = [
    ["config_bad", ({ settings }) => void (settings.rings = {})],
    ["config_bad", ({ folder }) => Deno.remove(`${folder}/vehicle.crt`)],
    ["credentials_bad", ({ folder }) => Deno.writeTextFile(`${folder}/vehicle.key`, other.keyPem)],
    ["credentials_bad", ({ settings }) => void (settings.vehicle_id = "drone-002")],
    ["certificate_expired", undefined, { validity: { notBeforeMs: nowMs - 2 * hour, notAfterMs: nowMs - hour } }],
    ["disk_failed", async ({ folder }) => {
      await Deno.remove(`${folder}/ring`);
      await Deno.writeTextFile(`${folder}/ring`, "a file");
    }],
    ["disk_failed", ({ settings }) => void (settings.ring = { path: "/proc/none", bytes: "16MiB" })],
    ["name_unknown", ({ settings }) => void (settings.relay = { addresses: ["no-such-relay.invalid:443"] })],
  ];
  for (const [wanted, change, options] of cases) {
    const { cause, exit } = await causeOf(nobody, change, options);
    equal([cause, exit], [wanted, wanted === "config_bad" ? 78 : 1]);
  }
});

Deno.test("a certificate for later is told apart from a clock that is behind, as far as one can", async () => {
  const validity = { notBeforeMs: nowMs + 2 * hour, notAfterMs: nowMs + 9 * hour };
  const { cause } = await causeOf(nobody, undefined, { validity });
  // Where the kernel does not hold its clock for right, the certificate is the better witness.
  ok(cause === "certificate_not_yet_valid" || cause === "clock_behind", cause);
});

Deno.test("a ring that another process holds is named", async () => {
  let lock: Deno.FsFile | undefined;
  const { cause } = await causeOf(nobody, async ({ folder }) => {
    lock = await Deno.open(`${folder}/ring/lock`, { create: true, write: true });
    await lock.lock(true);
  });
  lock?.close();
  equal(cause, "ring_in_use");
});

Deno.test("UDP that does not come through is told apart from a relay that is not there", async () => {
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    equal((await causeOf(tcp.addr.port)).cause, "udp_blocked");
  } finally {
    tcp.close();
  }
  equal((await causeOf(nobody)).cause, "relay_unreachable");
});

Deno.test("what is wrong with the relay's certificate is named", async () => {
  const ended = { notBeforeMs: nowMs - 2 * hour, notAfterMs: nowMs - hour };
  const later = { notBeforeMs: nowMs + hour, notAfterMs: nowMs + 2 * hour };
  const cases = [
    ["relay_name_mismatch", { name: "other.test" }],
    ["relay_issuer_unknown", { authority: strange }],
    ["relay_certificate_expired", { validity: ended }],
    ["relay_certificate_not_yet_valid", { validity: later }],
  ] as const;
  for (const [wanted, relay] of cases) {
    await withRelay(relay, async (port) => equal((await causeOf(port)).cause, wanted));
  }
});

Deno.test("what a relay says, or does not say, is named", async () => {
  const mute = () => new Promise<void>(() => {});
  await withRelay({ greets: mute }, async (port) => equal((await causeOf(port)).cause, "relay_silent"));
  const cases = [["unknown_issuer", loginOf(strange)], ["wrong_node", loginOf(ours, "other.test")]] as const;
  for (const [code, greets] of cases) {
    await withRelay({ greets }, async (port) => {
      const found = await causeOf(port);
      equal([found.cause, found.code], ["relay_refuses", code]);
    });
  }
});

Deno.test("one relay of two that can be used is enough, and the other is warned of", async () => {
  await withRelay({}, async (port) => {
    const both = ({ settings }: Vehicle) =>
      void (settings.relay = { addresses: ["no-such-relay.invalid:443", `${node}:${port}`] });
    const { exit, report } = await causeOf(port, both);
    equal([exit, report.cause, report.findings.filter(({ state }) => state !== "good").length], [0, null, 1]);
  });
});
