import { equal, throws } from "node:assert/strict";
import { makeAuthority } from "#proto/testing/certificates.ts";
import { tlsCertificateSha256 } from "./tls_identity.ts";

const validity = { notBeforeMs: 1_700_000_000_000, notAfterMs: 1_900_000_000_000 };

Deno.test("a node's certificate must carry its name", async () => {
  const authority = await makeAuthority("test", validity);
  const leaf = await authority.issueRelay("relay-1.test", { ...validity, otherNames: ["127.0.0.1"] });
  equal(tlsCertificateSha256(leaf.chainPem, "relay-1.test").byteLength, 32);
  equal(tlsCertificateSha256(leaf.chainPem, "127.0.0.1").byteLength, 32);
  throws(() => tlsCertificateSha256(leaf.chainPem, "relay-2.test"), { code: "bad_config" });
  throws(() => tlsCertificateSha256("no certificate", "relay-1.test"), { code: "bad_config" });
});
