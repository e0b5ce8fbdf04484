import { deepStrictEqual as equal, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { apiKeyRandomBytes, apiKeyText, isSecretOf, parseApiKey, secretHash } from "./api_key.ts";

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => value.toHex());
const key = fc.record({ id: hex(apiKeyRandomBytes.id), secret: hex(apiKeyRandomBytes.secret) });

Deno.test("a key is read as it was made, and no other text is one", () => {
  fc.assert(fc.property(key, fc.nat(), (made, place) => {
    const text = apiKeyText(made);
    match(text, /^ssk_[0-9a-f]{12}_[0-9a-f]{48}_[0-9a-f]{8}$/);
    equal(parseApiKey(text), { ...made });
    const at = 4 + place % (text.length - 4);
    const mistyped = `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`;
    strictEqual(parseApiKey(mistyped), undefined);
  }));
  fc.assert(fc.property(fc.string(), (text) => strictEqual(parseApiKey(text), undefined)));
});

Deno.test("a secret is known by its hash alone", () => {
  const hash = secretHash("a");
  equal([isSecretOf(hash, "a"), isSecretOf(hash, "b")], [true, false]);
});
