/** One chain of the corpus. */
import type { Code } from "../../errors.ts";
import type { Change } from "./recipe.ts";
import { issuerOf, leafOf, type Stage } from "./stage.ts";

/** A chain with exactly one thing wrong. */
export interface BadChain {
  /** What is wrong. */
  readonly name: string;
  readonly code: Code;
  /** What a login answers where the Hello refuses it before the certificate is looked at; otherwise `code`. */
  readonly codeAtLogin?: Code;
  chain(stage: Stage): Uint8Array[];
  /** The same without the fault; a good leaf and its issuer when nothing is said. */
  control?(stage: Stage): Uint8Array[];
}

/** A fault of the leaf; `control` is the change that comes closest and is right. */
export function inLeaf(
  name: string,
  change: Change | ((stage: Stage) => Change),
  { code = "bad_certificate", control }: { code?: Code; control?: Change | ((stage: Stage) => Change) } = {},
): BadChain {
  const chainWith = (change: Change | ((stage: Stage) => Change)) => (stage: Stage) => [
    leafOf(stage, typeof change === "function" ? change(stage) : change),
    issuerOf(stage),
  ];
  return { name, code, chain: chainWith(change), control: control === undefined ? undefined : chainWith(control) };
}
