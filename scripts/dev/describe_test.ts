import { doesNotMatch, match } from "node:assert/strict";
import { describeSystem } from "./describe.ts";
import { guidePorts, type Layout } from "./layout.ts";
import { unitsOf } from "./units.ts";

const layout: Layout = {
  ...{ state: "/state", ports: guidePorts, store: "sqlite", vehicles: ["drone-001"], simulate: true },
};
const passwords = {
  leaf: "",
  relay: "",
  ingest: "",
  query: "",
  fleet: "",
  commands: "",
  auth: "",
  revocation: "",
  admin: "",
};

Deno.test("the closing text names what runs, and what this system can be asked", () => {
  const units = unitsOf(layout, { natsServer: "nats-server", passwords });
  const text = describeSystem(layout, { units, seconds: 2 });
  match(text, /relay \(QUIC, else TCP\) +127\.0\.0\.1:4433 +\/state\/logs\/relay\.log/);
  match(text, /stream=gps/);
  match(text, /localhost:8080\/v1\/vehicles -H/);
  doesNotMatch(text, /QuestDB|exec\?query|step/);
  match(describeSystem({ ...layout, store: "questdb" }, { units, seconds: 2 }), /exec\?query/);
});

Deno.test("with a step-ca it says how to issue, renew and revoke there", () => {
  const stepCa = {
    binaries: { stepCa: "/opt/step-ca", step: "/opt/step" },
    folder: "/state/step-ca",
    home: "/state/step-home",
    ports: { vehicles: 9443, relays: 9444, crl: 9480 },
  };
  const units = unitsOf({ ...layout, ca: "step-ca" }, { natsServer: "nats-server", stepCa, passwords });
  const text = describeSystem(layout, { units, stepCa, seconds: 2 });
  match(text, /step-ca, certifies vehicles +https:\/\/localhost:9443/);
  match(text, /--ca-url https:\/\/localhost:9443 --root '\/state\/step-ca\/root_ca\.crt'/);
  for (const verb of ["certificate", "renew", "revoke"]) match(text, new RegExp(`step ca ${verb} `));
});
