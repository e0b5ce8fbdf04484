import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { ensureLeaf, isUsable } from "./leaf.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
const validity = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + 30 * dayMs };
const authority = await makeAuthority("leaf test", validity);
const issuerPem = authority.vehicleIssuer.certPem;
const leaf = await authority.issueVehicle("drone-001", validity);
const pair = { certPem: leaf.chainPem, keyPem: leaf.keyPem };

Deno.test("a leaf is of use with its own key, of its own issuer, and while it lasts", async () => {
  const p256 = await authority.issueVehicle("drone-001", { ...validity, algorithm: "p256" });
  const stranger = await makeAuthority("leaf test", validity);
  equal(isUsable(pair, { issuerPem, nowMs }), true);
  equal(isUsable({ certPem: p256.chainPem, keyPem: p256.keyPem }, { issuerPem, nowMs }), true);
  equal(isUsable({ ...pair, keyPem: p256.keyPem }, { issuerPem, nowMs }), false);
  equal(isUsable(pair, { issuerPem: stranger.vehicleIssuer.certPem, nowMs }), false);
  equal(isUsable(pair, { issuerPem, nowMs: nowMs + 19 * dayMs }), true);
  equal(isUsable(pair, { issuerPem, nowMs: nowMs + 21 * dayMs }), false);
});

Deno.test("a leaf is made once, and again when another authority is asked", async () => {
  const top = await Deno.makeTempDir();
  const place = { folder: join(top, "drone-001"), name: "vehicle" };
  const other = await makeAuthority("other", validity);
  const issued: string[] = [];
  const issueBy = (name: string, { vehicleIssuer, issueVehicle }: typeof authority) => ({
    issuerPem: vehicleIssuer.certPem,
    issue: () => {
      issued.push(name);
      return issueVehicle("drone-001", validity);
    },
  });
  await ensureLeaf(place, issueBy("first", authority));
  const first = await Deno.readTextFile(join(place.folder, "vehicle.crt"));
  await ensureLeaf(place, issueBy("first", authority));
  equal(await Deno.readTextFile(join(place.folder, "vehicle.crt")), first);
  await ensureLeaf(place, issueBy("other", other));
  deepEqual(issued, ["first", "other"]);
  equal((await Deno.stat(join(place.folder, "vehicle.key"))).mode! & 0o777, 0o600);
  await Deno.remove(top, { recursive: true });
});
