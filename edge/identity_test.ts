import { deepEqual, equal, throws } from "node:assert/strict";
import { parseVehicleId } from "#proto/ids.ts";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { readCredentials, readNewCredentials } from "./identity.ts";

const validity = { notBeforeMs: 1_780_000_000_000, notAfterMs: 1_790_000_000_000 };
const vehicleId = parseVehicleId("drone-001");
const authority = await makeAuthority("test", validity);
const leaf = await authority.issueVehicle("drone-001", validity);

Deno.test("a certificate file gives the chain in order, leaf first", () => {
  const { chain } = readCredentials({ certificatePem: leaf.chainPem, keyPem: leaf.keyPem }, vehicleId);
  deepEqual(chain.map((der) => der.toHex()), leaf.chain.map((der) => der.toHex()));
});

Deno.test("another vehicle's certificate, none, and too many are refused before any relay is asked", () => {
  const { chainPem: certificatePem, keyPem } = leaf;
  throws(() => readCredentials({ certificatePem, keyPem }, parseVehicleId("drone-002")), /drone-001.*drone-002/);
  throws(() => readCredentials({ certificatePem: "", keyPem }, vehicleId), { code: "bad_config" });
  throws(() => readCredentials({ certificatePem: certificatePem.repeat(2), keyPem }, vehicleId), {
    code: "bad_config",
  });
  throws(() => readCredentials({ certificatePem, keyPem: "no key" }, vehicleId), { code: "bad_config" });
});

Deno.test("a certificate for another key, and one that the profile refuses, are refused with their reason", async () => {
  const { chainPem: certificatePem } = leaf;
  const other = await authority.issueVehicle("drone-001", { ...validity, algorithm: "p256" });
  throws(() => readCredentials({ certificatePem, keyPem: other.keyPem }, vehicleId), /for another key/);
  equal(readCredentials({ certificatePem: other.chainPem, keyPem: other.keyPem }, vehicleId).leaf.vehicle, vehicleId);
  const relay = await authority.issueRelay("drone-001", validity);
  throws(() => readCredentials({ certificatePem: relay.chainPem, keyPem: relay.keyPem }, vehicleId), /clientAuth/);
  throws(() => readCredentials({ certificatePem, keyPem: certificatePem }, vehicleId), { code: "bad_config" });
});

Deno.test("a pair that shall take another's place must be in time, give or take what clocks differ by", () => {
  const files = { certificatePem: leaf.chainPem, keyPem: leaf.keyPem };
  const { notBeforeMs, notAfterMs } = validity;
  equal(readNewCredentials(files, { vehicleId, nowMs: notBeforeMs - 60_000 }).leaf.notAfterMs, notAfterMs);
  const at = (nowMs: number) => () => readNewCredentials(files, { vehicleId, nowMs });
  throws(at(notBeforeMs - 3_600_000), { code: "certificate_not_yet_valid" });
  throws(at(notAfterMs + 1), { code: "certificate_expired" });
});
