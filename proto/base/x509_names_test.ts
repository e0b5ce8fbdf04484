import { deepStrictEqual, throws } from "node:assert/strict";
import { der, oid, sequence, set, text } from "../testing/der.ts";
import { commonNamesOf, urisOf } from "./x509_names.ts";

const bad = { code: "bad_certificate" };
const commonName = (value: Uint8Array) => sequence(oid("550403"), value);
const company = sequence(oid("55040a"), text(0x0c, "fl\u00f6tte"));

Deno.test("common names are read in their order, and other attributes only for their form", () => {
  const name = sequence(
    set(company),
    set(commonName(text(0x0c, "drone_001"))),
    set(company, commonName(text(0x13, "drone-002"))),
  );
  deepStrictEqual(commonNamesOf(name), ["drone_001", "drone-002"]);
  for (
    const wrong of [
      set(commonName(text(0x13, "drone_001"))),
      set(commonName(text(0x16, "drone-001"))),
      set(commonName(text(0x0c, "dr\u00f6ne"))),
      set(commonName(text(0x13, "drone-002")), company),
      set(),
      sequence(company),
    ]
  ) throws(() => commonNamesOf(sequence(wrong)), bad);
});

Deno.test("URIs are read in their order, whatever stands between them, and must be some", () => {
  const names = [text(0x86, "systemscale://vehicle/a"), text(0x82, "a.example"), text(0x86, "https://b/%2F?c#d")];
  deepStrictEqual(urisOf(sequence(...names)), ["systemscale://vehicle/a", "https://b/%2F?c#d"]);
  deepStrictEqual(urisOf(undefined), []);
  deepStrictEqual(urisOf(sequence(der(0x87, Uint8Array.of(127, 0, 0, 1)))), []);
  for (
    const wrong of [
      text(0x86, "vehicle/a"),
      text(0x86, "a:b c"),
      text(0x86, "a:%0"),
      text(0x82, "a\0b"),
      text(0x89, "a"),
      der(0x87, Uint8Array.of(127, 0, 1)),
    ]
  ) throws(() => urisOf(sequence(wrong)), bad);
  throws(() => urisOf(sequence()), bad);
});
