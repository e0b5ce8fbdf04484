/**
 * Rule: only files in a folder named `io/`, and those named main, worker or shard, touch the world. Everything else gets
 * time, chance and bytes as arguments, so that it runs the same in a test, in the simulation and in production.
 */
import ts from "typescript";
import type { Import } from "./imports.ts";
import { packageOf, targetOf } from "./imports.ts";
import { mayTouchWorld } from "./kinds.ts";
import { fileRule, type Module } from "./project.ts";
import { globalsOf } from "./scopes.ts";

const worldGlobals: ReadonlySet<string> = new Set([
  ...["Deno", "process", "navigator", "globalThis", "self", "window", "console", "performance", "Temporal"],
  ...["fetch", "WebSocket", "WebTransport", "EventSource", "XMLHttpRequest", "BroadcastChannel", "Worker"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  ...["localStorage", "sessionStorage", "caches", "alert", "confirm", "prompt", "postMessage", "addEventListener"],
  ...["eval", "Function", "WeakRef", "FinalizationRegistry"],
]);

/** Members of globals that are otherwise pure. */
const worldMembers: ReadonlySet<string> = new Set([
  ...["Math.random", "Date.now", "AbortSignal.timeout", "Atomics.wait", "Atomics.waitAsync"],
  ...["crypto.getRandomValues", "crypto.randomUUID", "crypto.subtle.generateKey"],
]);

/** Built-ins that only compute. */
const pureBuiltIns: ReadonlySet<string> = new Set([
  ...["node:assert", "node:assert/strict", "node:buffer", "node:crypto", "node:path", "node:path/posix"],
  ...["node:string_decoder", "node:url", "node:zlib"],
]);

/** Packages that open sockets, read clocks or write somewhere by themselves. */
const worldPackages: ReadonlySet<string> = new Set(["@logtape/logtape", "@nats-io/transport-node", "pg"]);

const randomOfCrypto =
  /^(random.*|getRandomValues|webcrypto|generateKey.*|generatePrime.*|checkPrime.*|createDiffieHellman.*|createECDH)$/;

/** See the head of this file. */
export const purity = fileRule("purity", function* (module) {
  if (mayTouchWorld(module.path)) return;
  for (const use of globalsOf(module.tree)) {
    const name = worldUse(use);
    if (name !== undefined) yield [use, `${name} touches the world: take it as an argument, or move this to io/`];
  }
  for (const one of module.imports) {
    const why = impureImport(module, one);
    if (why !== undefined) yield [one.node, `${why}: take what it gives as an argument, or move this to io/`];
  }
});

/** The name of the world's part that an identifier stands for, if it does. */
function worldUse(use: ts.Identifier): string | undefined {
  if (worldGlobals.has(use.text)) return use.text;
  if (use.text === "Date" && readsClock(use.parent, use)) return "Date without arguments";
  let name = use.text;
  for (let node: ts.Node = use; ts.isPropertyAccessExpression(node.parent); node = node.parent) {
    name += `.${node.parent.name.text}`;
    if (worldMembers.has(name)) return name;
  }
  return undefined;
}

/** `new Date()` and `Date()` read the clock, `new Date(ms)` does not. */
function readsClock(parent: ts.Node, callee: ts.Node): boolean {
  if (ts.isCallExpression(parent)) return parent.expression === callee;
  return ts.isNewExpression(parent) && (parent.arguments ?? []).length === 0;
}

/** The functions of node:net that only look at a text. */
function isIpCheck(specifier: string, names: Import["names"]): boolean {
  return specifier === "node:net" && names !== "all" && names.every((name) => /^isIP(v[46])?$/.test(name));
}

function impureImport(module: Module, { specifier, names, isTypeOnly }: Import): string | undefined {
  if (isTypeOnly) return undefined;
  if (specifier === "node:crypto") {
    const random = names === "all" ? "*" : names.find((name) => randomOfCrypto.test(name));
    return random && `${random} of "node:crypto" draws chance`;
  }
  if (specifier.startsWith("node:") && !pureBuiltIns.has(specifier) && !isIpCheck(specifier, names)) {
    return `"${specifier}" touches the world`;
  }
  if (worldPackages.has(packageOf(specifier) ?? "")) return `"${specifier}" touches the world`;
  const target = targetOf(module.path, specifier);
  return target !== undefined && /(^|\/)io\//.test(target) ? `"${specifier}" lies in io/` : undefined;
}
