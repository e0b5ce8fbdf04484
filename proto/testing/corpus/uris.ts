/** Alternative names: URIs of ours that name another vehicle or none, and names in forms that are wrong. */
import { der, extension, join, sequence, set, text } from "../der.ts";
import { type BadChain, inLeaf } from "./bad_chain.ts";
import { oids } from "./recipe.ts";
import type { Stage } from "./stage.ts";

const uriTag = 0x86;
const none = new Uint8Array();

const put = (...names: Uint8Array[]) => ({ extensions: { names: extension(oids.names, sequence(...names)) } });
const uri = (value: string) => text(uriTag, value);

/** See the head of this file. */
export const badUris: readonly BadChain[] = [...others(), ...beside(), ...malformed(), ...forms()];

/** URIs of our scheme that are not exactly the vehicle's; what stands in `{}` is its id. */
function others(): BadChain[] {
  const hostile = [
    ...[
      "drone-002",
      "{}1",
      "{}-",
      "x{}",
      "",
      ".",
      "{}.",
      "{}/",
      "{}//",
      "{}/.",
      "{}/..",
      "{}/../drone-002",
      "../vehicle/{}",
    ],
    ...["./{}", "/{}", "{}?", "{}?x=1", "{}#", "{}#drone-002", "{};x", "{},drone-002", "{}:443", "{}@x", "{}%00"],
    ...["{}%20", "{}%0a", "{}%2e", "{}%2f..", "%2e%2e/{}", "%2F{}", "{}%", "drone%2D001", "%64rone-001", "{}%c2%a0"],
    ...["*", "{}*", "{}~", "{}$", "{}!", "{}'", "{}(1)", "{}+", "{}=", `{}${"a".repeat(1000)}`],
  ].map((rest) => `systemscale://vehicle/${rest}`);
  const prefixes = [
    ...["SYSTEMSCALE://vehicle/", "Systemscale://vehicle/", "systemscalE://vehicle/", "systemscale://VEHICLE/"],
    ...["systemscale://Vehicle/", "systemscale://vehicle./", "systemscale://vehicle:443/", "systemscale://vehicle:/"],
    ...["systemscale://user@vehicle/", "systemscale://@vehicle/", "systemscale:///vehicle/"],
    ...[
      "systemscale:/vehicle/",
      "systemscale:vehicle/",
      "systemscale://vehicles/",
      "systemscale://relay/",
      "systemscale:",
    ],
    ...[
      "systemscale://",
      "systemscale:///",
      "systemscale://vehicle",
      "systemscale://vehicle?",
      "systemscale://vehicle#",
    ],
    ...["systemscale://%76ehicle/", "systemscale://vehicle%2F", "systemscale://x.vehicle/", "systemscale://127.0.0.1/"],
  ].map((prefix) => `${prefix}{}`);
  return [...hostile, ...prefixes].map((form) =>
    inLeaf(`the URI ${form.slice(0, 80)}`, ({ vehicle }) => put(uri(filled(form, vehicle))), {
      // A percent sign that no two digits follow is no URI at all.
      code: /%(?![0-9a-fA-F]{2})/.test(form) ? "bad_certificate" : "identity_mismatch",
      control: ({ vehicle }) => put(uri(`systemscale://vehicle/${vehicle}`)),
    })
  );
}

/** Another vehicle's URI in company. */
function beside(): BadChain[] {
  const own = ({ vehicle }: Stage) => uri(`systemscale://vehicle/${vehicle}`);
  const other = uri("systemscale://vehicle/drone-002");
  const elsewhere = uri("https://fleet.example/drone-002");
  const dns = text(0x82, "drone-002.fleet.example");
  return [
    inLeaf("another vehicle's URI behind its own", (stage) => put(own(stage), other), {
      code: "identity_mismatch",
      control: (stage) => put(own(stage), elsewhere),
    }),
    inLeaf("another vehicle's URI before its own", (stage) => put(other, own(stage)), {
      code: "identity_mismatch",
      control: (stage) => put(elsewhere, own(stage)),
    }),
    inLeaf("another vehicle's URI behind a DNS name", put(dns, other), {
      code: "identity_mismatch",
      control: put(dns),
    }),
    inLeaf("another vehicle's URI behind 31 of its own", (stage) => put(...repeated(own(stage), 31), other), {
      code: "identity_mismatch",
      control: (stage) => put(...repeated(own(stage), 32)),
    }),
    inLeaf("33 URIs", (stage) => put(...repeated(own(stage), 33)), {
      control: (stage) => put(...repeated(own(stage), 32)),
    }),
  ];
}

/** What is no URI, beside the vehicle's own. */
function malformed(): BadChain[] {
  const texts = [
    ...[
      "",
      "{}",
      "vehicle/{}",
      "//vehicle/{}",
      "/vehicle/{}",
      "?x",
      "#x",
      ":x",
      "1x:y",
      "-x:y",
      "%73ystemscale://vehicle/{}",
    ],
    ...[" systemscale://vehicle/{}", "\tsystemscale://vehicle/{}", "\nsystemscale://vehicle/{}", "\0systemscale:x"],
    ...[
      "systemscale://vehicle/{}\0",
      "systemscale://vehicle/{}\n",
      "systemscale://vehicle/{}\r\n",
      "systemscale://vehicle/{} ",
    ],
    ...["systemscale ://vehicle/{}", "systemscale://vehicle/{}\t", "systemscale://vehicle/{}\x7f", "system\0scale://x"],
    ...[
      "systemscale:\\\\vehicle\\{}",
      "systemscale://vehicle/<{}>",
      'systemscale://vehicle/"{}"',
      "systemscale://vehicle/{}|",
    ],
    ...[
      "systemscale://vehicle/{}^",
      "systemscale://vehicle/`{}`",
      "systemscale://vehicle/{{}}",
      "https://x/%zz",
      "https://x/%1",
    ],
    ...["systemscale://vehicle/dr\u043ene-001", "s\u0443stemscale://vehicle/{}", "systemscale\uff1a//vehicle/{}"],
    ...[
      "systemscale://vehicle/{}\u200b",
      "systemscale://vehicle\u2215{}",
      "\ufeffsystemscale://vehicle/{}",
      "ſystemscale://x",
    ],
  ];
  return texts.map((form) =>
    inLeaf(
      `a URI of the form ${JSON.stringify(form)}`,
      ({ vehicle }) => put(uri(`systemscale://vehicle/${vehicle}`), uri(filled(form, vehicle))),
      { control: ({ vehicle }) => put(uri(`systemscale://vehicle/${vehicle}`), uri("https://fleet.example/a%20b")) },
    )
  );
}

function forms(): BadChain[] {
  const own = ({ vehicle }: Stage) => `systemscale://vehicle/${vehicle}`;
  const value = (make: (stage: Stage) => Uint8Array) => (stage: Stage) => ({
    extensions: { names: extension(oids.names, make(stage)) },
  });
  const dns = { control: put(text(0x82, "fleet.example")) };
  return [
    inLeaf("alternative names without one", value(() => sequence()), { control: { extensions: { names: none } } }),
    inLeaf("alternative names in a set", value((stage) => set(uri(own(stage))))),
    inLeaf("an alternative name without a list", value((stage) => uri(own(stage)))),
    inLeaf("a URI in parts", value((stage) => sequence(der(0xa6, text(0x16, own(stage)))))),
    inLeaf("a URI under a text's own tag", value((stage) => sequence(text(0x16, own(stage))))),
    inLeaf("a name of a kind that there is not", value((stage) => sequence(uri(own(stage)), text(0x89, "x")))),
    inLeaf("a name of an odd class", value((stage) => sequence(uri(own(stage)), text(0xc6, "x")))),
    inLeaf("NULL among the names", value((stage) => sequence(uri(own(stage)), der(5, none)))),
    inLeaf("a URI with a wrong length", value((stage) => sequence(join([uri(own(stage)), Uint8Array.of(0x86, 9)])))),
    inLeaf("a DNS name with a NUL", put(text(0x82, "fleet.example\0.evil")), dns),
    inLeaf("a DNS name with a newline", put(text(0x82, "fleet.example\nx")), dns),
    inLeaf("a DNS name in Unicode", put(text(0x82, "fl\u0435et.example")), dns),
    inLeaf("a DNS name in parts", put(der(0xa2, text(0x16, "fleet.example"))), dns),
    inLeaf("an e-mail address with a newline", put(text(0x81, "a@b\r\nBcc: c")), { control: put(text(0x81, "a@b")) }),
    inLeaf("an address of three bytes", put(der(0x87, Uint8Array.of(127, 0, 1))), {
      control: put(der(0x87, Uint8Array.of(127, 0, 0, 1))),
    }),
    inLeaf("an address of no bytes", put(der(0x87, none)), { control: put(der(0x87, new Uint8Array(16))) }),
  ];
}

function filled(form: string, vehicle: string): string {
  return form.replaceAll("{}", vehicle);
}

function repeated(name: Uint8Array, count: number): Uint8Array[] {
  return Array<Uint8Array>(count).fill(name);
}
