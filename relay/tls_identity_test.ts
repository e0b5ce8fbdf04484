import { deepEqual, equal, throws } from "node:assert/strict";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { readNewTlsIdentity, readTlsIdentity } from "./tls_identity.ts";

const validity = { notBeforeMs: 1_700_000_000_000, notAfterMs: 1_900_000_000_000 };
const authority = await makeAuthority("test", validity);
const leaf = await authority.issueRelay("relay-1.test", { ...validity, otherNames: ["127.0.0.1"] });
const files = { certificatePem: leaf.chainPem, keyPem: leaf.keyPem };

Deno.test("a node's certificate must carry its name", () => {
  equal(readTlsIdentity(files, "relay-1.test").sha256.byteLength, 32);
  equal(readTlsIdentity(files, "127.0.0.1").sha256.byteLength, 32);
  throws(() => readTlsIdentity(files, "relay-2.test"), { code: "bad_config" });
  throws(() => readTlsIdentity({ ...files, certificatePem: "no certificate" }, "relay-1.test"), { code: "bad_config" });
});

Deno.test("a node's key must be its certificate's", async () => {
  const other = await authority.issueRelay("relay-1.test", validity);
  throws(() => readTlsIdentity({ ...files, keyPem: other.keyPem }, "relay-1.test"), /for another key/);
  throws(() => readTlsIdentity({ ...files, keyPem: "no key" }, "relay-1.test"), { code: "bad_config" });
});

Deno.test("its dates are told, and looked at when it shall take another's place", () => {
  const { notBeforeMs, notAfterMs } = validity;
  deepEqual([readTlsIdentity(files, "relay-1.test").leaf].map((one) => [one.notBeforeMs, one.notAfterMs]), [
    [notBeforeMs, notAfterMs],
  ]);
  const at = (nowMs: number) => () => readNewTlsIdentity(files, { node: "relay-1.test", nowMs });
  equal(at(notAfterMs)().certPem, leaf.chainPem);
  throws(at(notAfterMs + 1), { code: "certificate_expired" });
  throws(at(notBeforeMs - 3_600_000), { code: "certificate_not_yet_valid" });
});
