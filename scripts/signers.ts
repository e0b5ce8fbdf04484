/**
 * `deno task signers`: the command root and the signers that it certifies, as files. The root's key belongs on a machine of
 * its own: it is needed to certify a signer or to retire one, and for nothing else.
 */
import { parseArgs } from "node:util";
import { type SignerRole, signerRoles } from "#proto/order.ts";
import { makeFloor, makeRoot, makeSigner } from "./signers/make.ts";

const usage = `deno task signers COMMAND [options]

  root    --out DIR                         a new command root: root.key, and root.pub for the vehicles
  signer  --root FILE --out DIR --name NAME a new signer: NAME.key and NAME.cert for the commands service
          [--roles command,stop,release] [--generation N]
  floor   --root FILE --out DIR --generation N
                                            retires all signers of a lower generation: floor`;

async function main(): Promise<number> {
  const { values, positionals: [command] } = parseArgs({
    allowPositionals: true,
    options: {
      root: { type: "string" },
      out: { type: "string" },
      name: { type: "string", default: "signer" },
      roles: { type: "string", default: signerRoles.join(",") },
      generation: { type: "string", default: "1" },
      help: { type: "boolean" },
    },
  });
  const { root, out, name } = values;
  const generation = Number(values.generation);
  const roles = values.roles.split(",");
  const isGood = Number.isInteger(generation) && generation >= 0 && roles.every(isRole) &&
    /^[A-Za-z0-9_-]+$/.test(name);
  if (values.help === true || out === undefined || !isGood || (command !== "root" && root === undefined)) {
    console.error(usage);
    return values.help === true ? 0 : 2;
  }
  if (command === "root") await makeRoot(out);
  else if (command === "signer") {
    await makeSigner(root ?? "", { folder: out, name, roles: roles.filter(isRole), generation });
  } else if (command === "floor") await makeFloor(root ?? "", { folder: out, generation });
  else {
    console.error(usage);
    return 2;
  }
  return 0;
}

function isRole(text: string): text is SignerRole {
  return (signerRoles as readonly string[]).includes(text);
}

Deno.exit(await main());
