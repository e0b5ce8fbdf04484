/** What a leaf may do: basic constraints, key usage, purposes. */
import { bitString, der, extension, join, oid, sequence, set } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { oids, usageOf } from "./recipe.ts";

const none = new Uint8Array();
const yes = der(1, Uint8Array.of(0xff));
const no = der(1, Uint8Array.of(0));
const zero = der(2, Uint8Array.of(0));

/** See the head of this file. */
export const badRights: readonly BadChain[] = [...constraints(), ...usages(), ...usageForms(), ...purposes()];

function constraints(): BadChain[] {
  const faults: [string, Uint8Array][] = [
    ["an authority", sequence(yes)],
    ["an authority that no other may follow", sequence(yes, zero)],
    ["an authority by a byte of 1", sequence(der(1, Uint8Array.of(1)))],
    ["no authority, said where it goes without saying", sequence(no)],
    ["no authority but a number of those that follow", sequence(zero)],
    ["no authority, said, and a number of those that follow", sequence(no, zero)],
    ["an authority by no byte", sequence(der(1, none))],
    ["a negative number of those that follow", sequence(yes, der(2, Uint8Array.of(0xff)))],
    ["a number of those that follow with a leading zero", sequence(yes, der(2, Uint8Array.of(0, 1)))],
    ["a number of those that follow and something behind it", sequence(yes, zero, zero)],
    ["a number of those that follow before whether it is one", sequence(zero, yes)],
    ["constraints in a set", set()],
  ];
  return [
    ...faults.map(([name, value]) =>
      inLeaf(`basic constraints: ${name}`, {
        extensions: { constraints: extension(oids.constraints, value, { critical: true }) },
      }, { control: { extensions: { constraints: extension(oids.constraints, sequence(), { critical: true }) } } })
    ),
    inLeaf("basic constraints: an authority, not critical", {
      extensions: { constraints: extension(oids.constraints, sequence(yes)) },
    }, { control: { extensions: { constraints: none } } }),
  ];
}

function usages(): BadChain[] {
  const others: [string, number, number][] = [
    ["nonRepudiation", 0x40, 6],
    ["keyEncipherment", 0x20, 5],
    ["dataEncipherment", 0x10, 4],
    ["keyAgreement", 0x08, 3],
    ["keyCertSign", 0x04, 2],
    ["cRLSign", 0x02, 1],
    ["encipherOnly", 0x01, 0],
  ];
  const bothOf = (flags: number, unused: number) => ({ extensions: { usage: usageOf(0x80 | flags, { unused }) } });
  return [
    inLeaf("no key usage", { extensions: { usage: none } }),
    ...others.map(([name, flags, unused]) =>
      inLeaf(`key usage ${name} alone`, { extensions: { usage: usageOf(flags, { unused }) } }, {
        // With signatures besides, all but keyCertSign are right.
        control: flags === 0x04 ? undefined : bothOf(flags, unused),
      })
    ),
    inLeaf("key usage decipherOnly alone", usageBits(0, 0x80), { control: usageBits(0x80, 0x80) }),
    inLeaf("key usage keyCertSign besides", bothOf(0x04, 2)),
    inLeaf("key usage keyCertSign and cRLSign besides", bothOf(0x06, 1)),
    inLeaf("every key usage", bothOf(0x7f, 0)),
    inLeaf("every key usage but digitalSignature", { extensions: { usage: usageOf(0x7f, { unused: 0 }) } }),
  ];
}

function usageBits(first: number, second: number) {
  const value = bitString(Uint8Array.of(first, second), { unused: 7 });
  return { extensions: { usage: extension(oids.usage, value, { critical: true }) } };
}

/** All say digitalSignature, in forms that DER does not have. */
function usageForms(): BadChain[] {
  const faults: [string, Uint8Array][] = [
    ["with zeros at its end", bitString(Uint8Array.of(0x80))],
    ["with some zeros at its end", bitString(Uint8Array.of(0x80), { unused: 6 })],
    ["with a byte of zeros at its end", bitString(Uint8Array.of(0x80, 0), { unused: 7 })],
    ["with ones in what is not used", bitString(Uint8Array.of(0x81), { unused: 7 })],
    ["with eight bits not used", bitString(Uint8Array.of(0x80), { unused: 8 })],
    ["with 255 bits not used", bitString(Uint8Array.of(0x80), { unused: 255 })],
    ["without a bit", bitString(none)],
    ["without a byte", der(3, none)],
    ["with bits that have no name", bitString(Uint8Array.of(0x80, 0x40), { unused: 6 })],
    ["with 24 bits", bitString(Uint8Array.of(0x80, 0x80, 0x80), { unused: 7 })],
    ["in parts", der(0x23, bitString(Uint8Array.of(0x80), { unused: 7 }))],
    ["in an integer", der(2, Uint8Array.of(0, 0x80))],
    ["in a list", sequence(bitString(Uint8Array.of(0x80), { unused: 7 }))],
  ];
  return faults.map(([name, value]) =>
    inLeaf(`key usage ${name}`, { extensions: { usage: extension(oids.usage, value, { critical: true }) } })
  );
}

function purposes(): BadChain[] {
  const client = oid(oids.clientAuth);
  const faults: [string, Uint8Array][] = [
    ["none", sequence()],
    ["serverAuth", sequence(oid(oids.serverAuth))],
    ["codeSigning", sequence(oid("2b06010505070303"))],
    ["emailProtection", sequence(oid("2b06010505070304"))],
    ["timeStamping", sequence(oid("2b06010505070308"))],
    ["OCSPSigning", sequence(oid("2b06010505070309"))],
    ["any purpose", sequence(oid("551d2500"))],
    ["a smart card's login", sequence(oid("2b0601040182371402" + "02"))],
    ["clientAuth and a byte", sequence(oid(`${oids.clientAuth}00`))],
    ["clientAuth without its last byte", sequence(oid(oids.clientAuth.slice(0, -2)))],
    ["clientAuth as text", sequence(der(4, Uint8Array.fromHex(oids.clientAuth)))],
    ["clientAuth in a list of its own", sequence(sequence(client))],
    ["clientAuth without a list", client],
    ["clientAuth in a set", set(client)],
    ["clientAuth and something that is no purpose", sequence(client, der(5, none))],
    ["clientAuth and a purpose without a name", sequence(client, oid(""))],
    ["clientAuth and a purpose that breaks off", sequence(client, oid("2b81"))],
    ["clientAuth behind two lists", join([sequence(oid(oids.serverAuth)), sequence(client)])],
  ];
  const put = (value: Uint8Array) => ({ extensions: { purposes: extension(oids.purposes, value) } });
  return [
    inLeaf("no purposes", { extensions: { purposes: none } }),
    ...faults.map(([name, value]) =>
      inLeaf(`purposes: ${name}`, put(value), { control: put(sequence(oid(oids.serverAuth), client)) })
    ),
  ];
}
