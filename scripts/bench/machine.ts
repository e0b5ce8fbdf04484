/** On what and with what a figure was measured. */
import { cpus, loadavg, release, totalmem, type } from "node:os";
import process from "node:process";

/** One line about this machine: figures of a busy one are worth little, so its load is part of it. */
export function machineText(): string {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))];
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${models.join(" and ")}, ${cpus().length} cores, ${memory}, ${type()} ${release()}, load ${
    loadavg()[0].toFixed(2)
  }`;
}

/** One line about the runtime and what it brings. */
export function runtimeText(): string {
  return `deno ${Deno.version.deno}, v8 ${Deno.version.v8}, sqlite ${process.versions.sqlite}`;
}
