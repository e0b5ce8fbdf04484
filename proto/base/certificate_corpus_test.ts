import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { makeAuthority } from "../testing/certificates.ts";
import { certificateCorpus } from "../testing/corpus.ts";
import { isCode } from "../errors.ts";
import { certificateCheck, type CertificateFacts, claimedVehicle } from "./certificate.ts";

const nowMs = Date.UTC(2026, 5, 1);
const { root } = await makeAuthority("corpus", { notBeforeMs: nowMs - 86_400_000, notAfterMs: nowMs + 86_400_000 });
const check = certificateCheck({ roots: [root.certPem] });
const corpus = certificateCorpus(root, { vehicle: "drone-001", nowMs });

/** `ok`, or the code that the chain is refused with; what is thrown is a bug, and told as one. */
function answer(chain: readonly Uint8Array[]): string {
  try {
    const verdict = check(chain, nowMs);
    return verdict.ok ? `ok as ${verdict.vehicle}` : verdict.code;
  } catch (thrown) {
    return `threw ${thrown}`;
  }
}

const groups = Map.groupBy(corpus, ({ group }) => group);

for (const [group, cases] of groups) {
  Deno.test(`each of ${cases.length} chains with one fault is refused for it, and taken without: ${group}`, () => {
    const wrong = cases.map(({ name, code, chain, control }) => ({
      name,
      wanted: code,
      answered: answer(chain()),
      control: answer(control()).slice(0, 2),
    })).filter(({ wanted, answered, control }) => answered !== wanted || control !== "ok");
    deepStrictEqual(wrong, []);
  });
}

Deno.test("the corpus is large, and no two of its cases have a name in common", () => {
  ok(corpus.length > 1000, `${corpus.length} cases`);
  strictEqual(new Set(corpus.map(({ name }) => name)).size, corpus.length);
});

/** One chain of each stage, and what it proves. */
const goodChains = [...new Map(corpus.map(({ control, keyPem }) => [keyPem, control])).values()].map((control) => {
  const chain = control();
  const verdict = check(chain, nowMs);
  ok(verdict.ok);
  return { chain, identity: identityOf(verdict) };
});

/** What a mutated certificate must not change without being refused. */
function identityOf({ vehicle, publicKey, issuer, serial, notAfterMs }: CertificateFacts): string {
  const key = publicKey.export({ type: "spki", format: "der" }).toString("hex");
  return JSON.stringify({ vehicle, key, issuer, serial, notAfterMs });
}

const mutations: Readonly<Record<string, (bytes: Uint8Array, at: number, byte: number) => Uint8Array>> = {
  "another byte": (bytes, at, byte) => bytes.map((was, place) => place === at ? byte : was),
  "one byte more": (bytes, at, byte) => Uint8Array.of(...bytes.subarray(0, at), byte, ...bytes.subarray(at)),
  "one byte less": (bytes, at) => Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1)),
  "a bit": (bytes, at, byte) => bytes.map((was, place) => place === at ? was ^ (1 << (byte & 7)) : was),
};

for (const [name, mutate] of Object.entries(mutations)) {
  Deno.test(`a good chain with ${name} anywhere is refused with a code, or proves what it did`, () => {
    const certificates = fc.record({ stage: fc.nat(1), which: fc.nat(1), at: fc.nat(), byte: fc.nat(255) });
    fc.assert(
      fc.property(certificates, ({ stage, which, at, byte }) => {
        const { chain, identity } = goodChains[stage];
        const changed = chain.map((der, place) => place === which ? mutate(der, at % der.length, byte) : der);
        const verdict = check(changed, nowMs);
        strictEqual(verdict.ok ? identityOf(verdict) : "refused", verdict.ok ? identity : "refused");
        ok(verdict.ok || isCode(verdict.code));
        claimedVehicle(changed[0]);
      }),
      { numRuns: 1500 },
    );
  });
}

Deno.test("every byte of a good chain, set to each of its neighbours and ends, is refused or proves what it did", () => {
  for (const { chain, identity } of goodChains) {
    const [leaf, issuer] = chain;
    for (let at = 0; at < leaf.length; at++) {
      for (const byte of [0, 0xff, leaf[at] + 1, leaf[at] - 1, leaf[at] ^ 0x80]) {
        const verdict = check([mutations["another byte"](leaf, at, byte & 0xff), issuer], nowMs);
        ok(!verdict.ok || identityOf(verdict) === identity, `byte ${at} as ${byte}`);
      }
    }
  }
});
