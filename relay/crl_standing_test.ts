import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { crlIssuerOf } from "#proto/base/crl.ts";
import { type Instant, instantOf } from "#proto/instant.ts";
import { issueCertificate, issuerExtensions } from "#proto/testing/certificates.ts";
import { VirtualClock } from "#proto/testing/clock.ts";
import { makeCrl } from "#proto/testing/crls.ts";
import { CrlStanding, type CrlTerms } from "./crl_standing.ts";
import { crlFutureToleranceMs } from "./limits.ts";

const start = instantOf(new VirtualClock());
const startMs = Number(start.wallNs / 1_000_000n);
const hourMs = 3_600_000;
const terms: CrlTerms = { pollMs: 60_000, loginGraceMs: hourMs, sessionGraceMs: 24 * hourMs };
const issuer = await issueCertificate({
  notBeforeMs: startMs - hourMs,
  notAfterMs: startMs + 1000 * hourMs,
  subject: "CN=vehicles",
  algorithm: "p256",
  extensions: issuerExtensions({ pathLength: 0 }),
});
const trusted = crlIssuerOf(issuer.certPem);

/** So long after the start; the wall clock may have been set. */
function after(ms: number, wallStepMs = 0): Instant {
  return { uptimeMs: start.uptimeMs + ms, wallNs: start.wallNs + BigInt(Math.round((ms + wallStepMs) * 1e6)) };
}

interface ListFacts {
  readonly number?: bigint;
  readonly madeMs?: number;
  readonly endsMs?: number;
  readonly serials?: readonly string[];
}

/** A list with times counted from the start. */
function list({ number = 1n, madeMs = 0, endsMs = 7 * 24 * hourMs, serials = [] }: ListFacts = {}): Uint8Array {
  const times = { thisUpdateMs: startMs + madeMs, nextUpdateMs: startMs + endsMs };
  return makeCrl({ issuer, number, serials, ...times });
}

function standingWith(facts?: ListFacts): CrlStanding {
  const standing = new CrlStanding(trusted, terms);
  if (facts !== undefined) standing.handleFetched(list(facts), start);
  return standing;
}

const bad = { code: "bad_crl" };
const second = 1000;

/** Every boundary from both sides. */
const table: [string, ListFacts | undefined, [number, string][]][] = [
  ["no list since the start", undefined, [[0, "none"], [1000 * hourMs, "none"]]],
  ["a list that no poll confirms any more", {}, [
    [0, "fresh"],
    [2 * terms.pollMs, "fresh"],
    [2 * terms.pollMs + 1 * second, "grace"],
    [2 * terms.pollMs + hourMs - 1 * second, "grace"],
    [2 * terms.pollMs + hourMs, "closed"],
    [2 * terms.pollMs + 24 * hourMs - 1 * second, "closed"],
    [2 * terms.pollMs + 24 * hourMs, "lost"],
  ]],
  ["a list that ends", { endsMs: 30 * second }, [
    [30 * second, "fresh"],
    [31 * second, "grace"],
    [30 * second + hourMs - 1 * second, "grace"],
    [30 * second + hourMs, "closed"],
    [30 * second + 24 * hourMs - 1 * second, "closed"],
    [30 * second + 24 * hourMs, "lost"],
  ]],
];

for (const [what, facts, rows] of table) {
  Deno.test(`${what} grows stale to the second`, () => {
    const standing = standingWith(facts);
    deepEqual(rows.map(([atMs]) => [atMs, standing.standing(after(atMs))]), rows);
  });
}

Deno.test("a list that is confirmed at every poll is stale from its end on all the same", () => {
  const standing = standingWith({ endsMs: 90 * second });
  for (let atMs = 0; atMs <= 300 * second; atMs += 60 * second) {
    standing.handleFetched(list({ endsMs: 90 * second }), after(atMs));
  }
  deepEqual([standing.standing(after(300 * second)), standing.staleMs(after(300 * second))], ["grace", 210 * second]);
});

Deno.test("each poll that brings the same list or a newer one makes it fresh again", () => {
  const standing = standingWith({});
  equal(standing.standing(after(5 * hourMs)), "closed");
  equal(standing.handleFetched(list({}), after(5 * hourMs)), "same");
  equal(standing.standing(after(5 * hourMs + 1)), "fresh");
  equal(standing.handleFetched(list({ number: 2n, serials: ["ab"] }), after(30 * hourMs)), "new");
  deepEqual([standing.standing(after(30 * hourMs)), standing.held?.serials.has("ab")], ["fresh", true]);
});

Deno.test("a wall clock that is set forward past the end makes a list stale, and back again fresh", () => {
  const standing = standingWith({ endsMs: hourMs });
  deepEqual([standing.standing(after(1, 2 * hourMs)), standing.standing(after(2))], ["closed", "fresh"]);
});

Deno.test("without grace nobody logs in or stays a moment longer", () => {
  const standing = new CrlStanding(trusted, { pollMs: 60_000, loginGraceMs: 0, sessionGraceMs: 0 });
  standing.handleFetched(list({ endsMs: 30 * second }), start);
  deepEqual([standing.standing(after(30 * second)), standing.standing(after(30 * second + 1))], ["fresh", "lost"]);
});

Deno.test("a list may come from a clock that is ahead by 5 minutes, not by more", () => {
  const standing = standingWith();
  equal(standing.handleFetched(list({ madeMs: crlFutureToleranceMs }), start), "new");
  throws(() => standingWith({ madeMs: crlFutureToleranceMs + second }), bad);
});

Deno.test("nothing older than what is held is taken, and what is refused neither counts nor confirms", () => {
  const standing = standingWith({ number: 5n, madeMs: -hourMs, serials: ["5"] });
  const refused: ListFacts[] = [
    { number: 4n, serials: ["4"] },
    { number: 5n, madeMs: -hourMs, serials: ["4"] },
    { number: 5n, madeMs: 0, serials: ["5"] },
    { number: 6n, madeMs: -hourMs - second, serials: ["6"] },
  ];
  for (const facts of refused) throws(() => standing.handleFetched(list(facts), after(3 * hourMs)), bad);
  deepEqual([standing.held?.number, standing.held?.serials.has("5")], [5n, true]);
  equal(standing.standing(after(3 * hourMs)), "closed");
  equal(standing.handleFetched(list({ number: 6n, madeMs: -hourMs }), after(3 * hourMs)), "new");
});

Deno.test("whatever lists come in whatever order, the number held never falls", () => {
  const lists = Array.from({ length: 6 }, (_, i) => list({ number: BigInt(i), madeMs: -i * 1000 * (i % 2) }));
  fc.assert(fc.property(fc.array(fc.nat(5), { maxLength: 20 }), (order) => {
    const standing = standingWith();
    for (const which of order) {
      const before = standing.held?.number ?? -1n;
      try {
        standing.handleFetched(lists[which], start);
      } catch (thrown) {
        equal((thrown as { code?: string }).code, "bad_crl");
      }
      equal((standing.held?.number ?? -1n) >= before, true);
    }
  }));
});
