import { strictEqual } from "node:assert/strict";

/** Runs a program in a process of its own, since a process reads its roots once. Gives what it printed. */
async function run(program: string): Promise<string> {
  const module = new URL("./tls_roots.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", `import { dropBuiltInRoots } from ${JSON.stringify(module)};\n${program}`],
    env: { NODE_EXTRA_CA_CERTS: "/does/not/exist.pem" },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("the built-in roots are dropped for good, once", async () => {
  const printed = await run(`
    dropBuiltInRoots();
    Deno.env.set("DENO_TLS_CA_STORE", "none-such");
    Deno.createHttpClient({}).close();
    console.log(Deno.env.get("NODE_EXTRA_CA_CERTS"), "dropped");
  `);
  strictEqual(printed, "undefined dropped");
});

Deno.test("roots that were read before cannot be dropped, and that is said", async () => {
  const printed = await run(`
    Deno.createHttpClient({}).close();
    try { dropBuiltInRoots(); } catch (fault) { console.log(fault.code, fault.message); }
  `);
  strictEqual(printed, "bad_config Cannot drop the built-in TLS roots: they were read before");
});
