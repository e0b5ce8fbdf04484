/** The development CA in files: made once, then taken up again. For production see deploy/pki. */
import { type Authority, makeAuthority, openAuthority } from "#proto/testing/certificates.ts";
import { readPair, writePair } from "./leaf.ts";

const dayMs = 86_400_000;
const lifetimeDays = 365;
const names = ["root", "vehicle_issuer", "relay_issuer"] as const;

/** Opens the authority in a folder, or makes one. Throws when a part is missing: its leaves would fit no new one. */
export async function developmentAuthority(folder: string): Promise<Authority> {
  await Deno.mkdir(folder, { recursive: true });
  const kept = await Promise.all(names.map((name) => readPair({ folder, name })));
  const [root, vehicleIssuer, relayIssuer] = kept;
  if (root !== undefined && vehicleIssuer !== undefined && relayIssuer !== undefined) {
    return openAuthority({ root, vehicleIssuer, relayIssuer });
  }
  if (kept.some((pair) => pair !== undefined)) {
    const missing = names.filter((_, at) => kept[at] === undefined).join(", ");
    throw new Error(`The development CA in ${folder} has lost ${missing}; remove all state with: deno task clean`);
  }
  const made = await makeAuthority("SystemScale development", validity());
  await writePair({ folder, name: "root" }, made.root);
  await writePair({ folder, name: "vehicle_issuer" }, made.vehicleIssuer);
  await writePair({ folder, name: "relay_issuer" }, made.relayIssuer);
  return made;
}

/** From an hour ago, because clocks differ, for a year. */
export function validity(): { notBeforeMs: number; notAfterMs: number } {
  return { notBeforeMs: Date.now() - 3_600_000, notAfterMs: Date.now() + lifetimeDays * dayMs };
}
