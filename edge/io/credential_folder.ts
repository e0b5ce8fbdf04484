/** Certificate and key on disk, of which the certificate can be replaced in one step. */
import { dirname } from "node:path";
import { Fault } from "#proto/errors.ts";
import { credentialFiles } from "#proto/io/credential_files.ts";
import type { CredentialFolder } from "../renewal/renewal.ts";

/** Opens it; needs the right to make files beside the certificate. */
export function credentialFolder(paths: { readonly certificate: string; readonly key: string }): CredentialFolder {
  return {
    ...credentialFiles(paths),
    replaceCertificate: async (certificatePem) => {
      try {
        await replace(paths.certificate, certificatePem);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Fault("disk_failed", `Cannot replace "${paths.certificate}": ${reason}`, { cause });
      }
    },
  };
}

/** Beside the old one, so on its file system; durable before it takes the name, and the name durable after. */
async function replace(path: string, text: string): Promise<void> {
  // Where the name is a link, what it leads to is replaced.
  const target = await Deno.realPath(path);
  const folder = dirname(target);
  const fresh = await Deno.makeTempFile({ dir: folder, prefix: ".renewed-", suffix: ".crt" });
  try {
    await Deno.writeTextFile(fresh, text);
    await keepOwner(fresh, target);
    await sync(fresh);
    await Deno.rename(fresh, target);
  } catch (thrown) {
    await Deno.remove(fresh).catch(() => undefined);
    throw thrown;
  }
  await sync(folder);
}

/** Whoever could read the old one can read the new one, root's renewal for another user's agent included. */
async function keepOwner(path: string, like: string): Promise<void> {
  const { mode, uid, gid } = await Deno.stat(like);
  const own = await Deno.stat(path);
  if (uid !== own.uid || gid !== own.gid) await Deno.chown(path, uid, gid);
  if (mode !== null) await Deno.chmod(path, mode & 0o777);
}

async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}
