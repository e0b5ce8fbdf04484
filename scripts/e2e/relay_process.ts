/** A relay process of its own for one test, behind a pair of NATS servers. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import type { Authority, Validity } from "#proto/testing/certificates.ts";
import { type Child, startChild } from "../servers/child.ts";
import { freePorts } from "../servers/ports.ts";
import type { NatsPair } from "./nats_pair.ts";

/** Where it is reached. */
export interface RelayPorts {
  readonly quic: number;
  readonly private: number;
}

/** A folder for a relay, and the leaf beside it. */
export type RelayFolder = Pick<NatsPair, "folder" | "leafPort" | "relayPassword">;

/** Writes certificates and configuration into the folder. */
export async function writeRelayFolder(
  pair: RelayFolder,
  { authority, validity, node = "localhost", limits = {}, settings = {} }: {
    authority: Authority;
    validity: Validity;
    /** Name that vehicles dial. */
    node?: string;
    /** Settings under `limits` that are other than usual. */
    limits?: Record<string, number>;
    /** Other settings. */
    settings?: Record<string, unknown>;
  },
): Promise<RelayPorts> {
  const leaf = await authority.issueRelay(node, validity);
  const [quic, privatePort] = freePorts(2);
  const ports = { quic, private: privatePort };
  const config = {
    name: "relay-1",
    node,
    listen: `127.0.0.1:${ports.quic}`,
    certificate: "relay.crt",
    key: "relay.key",
    vehicle_roots: ["root.crt"],
    nats: { servers: [`127.0.0.1:${pair.leafPort}`], user: "relay", password: pair.relayPassword, domain: "hub" },
    private_address: `127.0.0.1:${ports.private}`,
    limits,
    ...settings,
  };
  const write = (name: string, text: string) => Deno.writeTextFile(join(pair.folder, name), text);
  await write("relay.crt", leaf.chainPem);
  await write("relay.key", leaf.keyPem);
  await write("root.crt", authority.root.certPem);
  await write("vehicle_issuer.crt", authority.vehicleIssuer.certPem);
  await write("relay.yaml", stringify(config));
  return ports;
}

/** Starts it from the folder's configuration. */
export function startRelay(pair: Pick<RelayFolder, "folder">): Child {
  return startChild({
    name: "relay",
    command: Deno.execPath(),
    args: [
      "run",
      "-A",
      fileURLToPath(new URL("../../relay/main.ts", import.meta.url)),
      "--config",
      join(pair.folder, "relay.yaml"),
    ],
    logFile: join(pair.folder, "relay.log"),
  });
}
