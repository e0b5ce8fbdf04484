import "reflect-metadata";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { attacks } from "./attacks.ts";
import { logIn } from "./ground.ts";
import { goodEvery, isShut, loginReport, soakLogin } from "./login_rig.ts";

Deno.test("no attack of any kind logs in, while good logins do", async () => {
  const kinds = Object.keys(attacks);
  const tries = 60 * kinds.length;
  const result = await soakLogin({ tries, seed: 5 });
  ok(isShut(result), loginReport(result).join("\n"));
  for (const [name, { tries, refused }] of result.tallies) {
    strictEqual([...refused.values()].reduce((sum, times) => sum + times, 0), tries, name);
  }
  deepStrictEqual(result.good, { tries: Math.floor(tries / goodEvery), accepted: Math.floor(tries / goodEvery) });
  ok(result.wallMs.every((ms) => ms > 0));
  const codesOf = (name: string) => [...result.tallies.get(name)?.refused.keys() ?? []].toSorted();
  deepStrictEqual(codesOf("replay of a login"), ["bad_proof"]);
  deepStrictEqual(codesOf("forward through a thief's node"), ["wrong_node"]);
  deepStrictEqual(codesOf("forward with the node rewritten"), ["bad_proof"]);
  deepStrictEqual(codesOf("swap of certificates"), ["bad_proof"]);
  deepStrictEqual(codesOf("stale proof, after the deadline"), ["login_timeout"]);
  deepStrictEqual(codesOf("stale certificate"), ["certificate_expired"]);
  deepStrictEqual(codesOf("foreign certificate"), ["unknown_issuer"]);
});

Deno.test("an attack that gets in is counted, told and a failure", async () => {
  const result = await soakLogin({
    tries: 4,
    seed: 1,
    attacks: {
      ...attacks,
      "replay of a login": (ground) => ({
        step: logIn(ground, ground.vehicles[0]).step,
        spent: { wallMs: 3, cpuMs: 3 },
      }),
    },
  });
  strictEqual(isShut(result), false);
  match(loginReport(result).join("\n"), /replay of a login +1 tries, 1 accepted/);
  match(loginReport(result).join("\n"), /on the wall: p50 .* goal p99 2 ms missed/);
});
