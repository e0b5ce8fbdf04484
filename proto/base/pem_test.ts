import { deepStrictEqual } from "node:assert/strict";
import { certificatesOf } from "./pem.ts";

Deno.test("every certificate of a text is found, other blocks are not", () => {
  const pem = (name: string, base64: string) => `-----BEGIN ${name}-----\n${base64}\n-----END ${name}-----\n`;
  const text = `leaf\n${pem("CERTIFICATE", "AQID")}${pem("PRIVATE KEY", "BAUG")}${pem("CERTIFICATE", "Bw\n==")}`;
  deepStrictEqual(certificatesOf(text), [Uint8Array.of(1, 2, 3), Uint8Array.of(7)]);
  deepStrictEqual(certificatesOf("nothing"), []);
});
