/** What `deno task dev` prints when all is well. */
import { type StepCa, stepCaFiles } from "../servers/step_ca.ts";
import { type Layout, pathsOf } from "./layout.ts";
import type { Unit } from "./units.ts";

/** What runs where, and what to try next. */
export function describeSystem(
  layout: Layout,
  { units, stepCa, seconds }: { units: readonly Unit[]; stepCa?: StepCa; seconds: number },
): string {
  const { sdk, fleet, query, commands, questDb } = layout.ports;
  const token = pathsOf(layout.state).token;
  const vehicle = layout.vehicles[0];
  const stream = layout.simulate ? "gps" : "telemetry";
  return [
    "",
    table(units.map(({ what, where, plan }) => [what, where, plan.logFile])),
    "",
    `All is well after ${seconds.toFixed(1)} s. Try:`,
    "",
    `  curl http://localhost:${sdk}/healthz`,
    `  curl -X POST http://localhost:${sdk}/v1/log -H "Content-Type: application/json" \\`,
    `    -d '{"data":{"test":1,"altitude_m":100.0},"stream":"telemetry"}'`,
    `  curl -H "Authorization: Bearer $(cat '${token}')" \\`,
    `    "http://localhost:${query}/v1/telemetry?vehicle_id=${vehicle}&stream=${stream}&order=desc&limit=3"`,
    `  curl -X POST http://localhost:${fleet}/v1/vehicles -H "Authorization: Bearer $(cat '${token}')" \\`,
    `    -H "Content-Type: application/json" -d '{"vehicle_id":"${vehicle}","type":"fixed-wing","name":"Survey Alpha"}'`,
    `  curl -H "Authorization: Bearer $(cat '${token}')" http://localhost:${fleet}/v1/vehicles/${vehicle}/explain`,
    `  curl -X POST http://localhost:${commands}/v1/commands -H "Authorization: Bearer $(cat '${token}')" \\`,
    `    -H "Content-Type: application/json" -d '{"vehicle_id":"${vehicle}","type":"rtl","data":{},"priority":"normal"}'`,
    ...(layout.store === "questdb"
      ? [`  curl "http://localhost:${questDb}/exec?query=SELECT%20*%20FROM%20telemetry%20LIMIT%2010"`]
      : []),
    `  deno task replay FLIGHT.ndjson.gz`,
    ...(stepCa === undefined ? [] : ["", "Certificates are of a real step-ca:", "", ...certificateLines(stepCa)]),
    "",
    "Ctrl-C stops everything; deno task clean forgets everything.",
  ].join("\n");
}

/** Shell commands that issue, renew and revoke a certificate and show the CRL; deploy/pki/README.md says more. */
export function certificateLines({ binaries, folder, home, ports }: StepCa): string[] {
  const { root, adminPassword } = stepCaFiles(folder);
  const who = `--provisioner admin --provisioner-password-file '${adminPassword}'`;
  const where = `--ca-url https://localhost:${ports.vehicles} --root '${root}'`;
  return [
    `  step() { STEPPATH='${home}' '${binaries.step}' "$@" ${where}; }`,
    `  step ca certificate drone-900 vehicle.crt vehicle.key ${who}`,
    "  step ca renew vehicle.crt vehicle.key --force",
    "  step ca revoke --cert vehicle.crt --key vehicle.key",
    `  curl -s http://localhost:${ports.crl}/1.0/crl | openssl crl -inform DER -noout -text`,
  ];
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()}`).join(
    "\n",
  );
}
