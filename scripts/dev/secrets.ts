/** Passwords and the operator's token of a development system: made once, readable by their owner only. */
import { createHash } from "node:crypto";
import { type NatsPasswords, newPassword, newPasswords } from "../servers/nats.ts";
import { pathsOf } from "./layout.ts";

/** Reads the passwords, or makes them; makes the operator's token and its hash besides. */
export async function ensureSecrets(state: string): Promise<NatsPasswords> {
  const paths = pathsOf(state);
  const kept = await readIfThere(paths.secrets);
  if (kept !== undefined) return await withNewRoles(paths.secrets, JSON.parse(kept));
  const passwords = newPasswords();
  const token = `dev_${newPassword().slice(1)}`;
  await Deno.writeTextFile(paths.token, token, { mode: 0o600 });
  await Deno.writeTextFile(paths.tokenHash, createHash("sha256").update(token).digest("hex"));
  // Last: its presence says that the others are there.
  await keep(paths.secrets, passwords);
  return passwords;
}

/** A state that is older than a role has no password for it yet. */
async function withNewRoles(file: string, kept: Partial<NatsPasswords>): Promise<NatsPasswords> {
  const passwords = { ...newPasswords(), ...kept };
  if (Object.keys(passwords).length > Object.keys(kept).length) await keep(file, passwords);
  return passwords;
}

async function keep(file: string, passwords: NatsPasswords): Promise<void> {
  await Deno.writeTextFile(file, JSON.stringify(passwords, undefined, 2), { mode: 0o600 });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
