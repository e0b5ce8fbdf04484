/**
 * Rule: dependencies point one way.
 *
 *     proto  <-  edge, relay, cloud  <-  scripts          edge, relay and cloud never import each other
 *     cloud/lib  <-  cloud/<service>                      no service imports another
 *     proto's pure files never import io/, proto/base never reaches the schema, edge never reaches the NATS client
 *     the agent takes frames before it loads what links: its program reaches no protobuf by static imports
 *     shipped code never imports tests, suites or testing/; packages come by the names of deno.json
 */
import { type Wanted, wayTo } from "./graph.ts";
import { type Import, packageOf, targetOf } from "./imports.ts";
import { kindOf, memberOf } from "./kinds.ts";
import { lineOf } from "./nodes.ts";
import { fileRule, type Module, type Project, type Rule, type Violation } from "./project.ts";

const name = "dependency law";

const mayImport: Readonly<Record<string, readonly string[]>> = {
  proto: ["proto"],
  edge: ["edge", "proto"],
  relay: ["relay", "proto"],
  cloud: ["cloud", "proto"],
  scripts: ["scripts", "proto", "edge", "relay", "cloud"],
};

/** See the head of this file. */
export const dependencyLaw: Rule = {
  name,
  check: (project) => [...directArrows(project).check(project), ...forbiddenReach(project)],
};

function directArrows({ settings, modules }: Project): Rule {
  return fileRule(name, function* (module) {
    for (const one of module.imports) {
      const target = targetOf(module.path, one.specifier);
      const why = target === undefined
        ? packageFault(one, settings.imports)
        : !modules.has(target) && /\.tsx?$/.test(target)
        ? `"${one.specifier}" is not there`
        : arrowFault(module, target, one.specifier);
      if (why !== undefined) yield [one.node, why];
    }
  });
}

function packageFault({ specifier }: Import, map: Readonly<Record<string, string>>): string | undefined {
  const name = packageOf(specifier);
  if (name === undefined || Object.hasOwn(map, name) || Object.hasOwn(map, specifier)) return undefined;
  return `"${specifier}" is not in the import map of deno.json`;
}

function arrowFault({ path, kind }: Module, target: string, specifier: string): string | undefined {
  const from = memberOf(path);
  const to = memberOf(target);
  if (!mayImport[from]?.includes(to)) return `${from} may not import ${to}`;
  if (from !== to && specifier.startsWith(".")) return `"${specifier}" leaves ${from}: write "#${target}"`;
  const isForTests = ["test", "support"].includes(kindOf(target));
  if (kind === "shipped" && isForTests) return `shipped code may not import "${target}", which is for tests`;
  if (kind !== "test" && kindOf(target) === "test") return `nothing may import the test "${target}"`;
  if (kind !== "shipped") return undefined;
  if (from === "proto" && isIo(target) && !isIo(path)) return `pure files of proto may not import "${target}"`;
  return from === "cloud" ? serviceFault(path, target) : undefined;
}

function isIo(path: string): boolean {
  return /(^|\/)io\//.test(path);
}

function serviceFault(path: string, target: string): string | undefined {
  const [from, to] = [path, target].map(serviceOf);
  if (from === "" || to === "lib" || to === undefined || from === to) return undefined;
  if (from === "lib") return `cloud/lib may not import "${target}"`;
  return to === "" ? `a service may not import "${target}" of the supervisor` : `service ${from} may not import ${to}`;
}

/**
 * `ingest` of `cloud/ingest/plan.ts`, empty for files of the supervisor, undefined outside cloud. What the configuration
 * of cloud looks like is common ground, as `lib` is.
 */
function serviceOf(path: string): string | undefined {
  const parts = path.split("/");
  if (parts[0] !== "cloud") return undefined;
  if (path === "cloud/config.ts") return "lib";
  return parts.length === 2 ? "" : parts[1];
}

interface Reach {
  readonly from: RegExp;
  readonly to: Wanted;
  readonly what: string;
  /** Over which imports; all of them when nothing is said. */
  readonly over?: (one: Import) => boolean;
}

const isLoadedFirst = ({ isTypeOnly, isDynamic }: Import) => !isTypeOnly && !isDynamic;

const forbidden: readonly Reach[] = [
  { from: /^proto\/base\//, to: (_, target) => kindOf(target) === "generated", what: "the schema" },
  { from: /^edge\//, to: ({ specifier }) => specifier.startsWith("@nats-io/"), what: "the NATS client" },
  {
    from: /^edge\/main\.ts$/,
    to: ({ specifier }) => packageOf(specifier) === "@bufbuild/protobuf",
    what: "protobuf before frames are taken",
    over: isLoadedFirst,
  },
];

/** What may not be reached over any number of imports. */
function forbiddenReach(project: Project): Violation[] {
  return forbidden.flatMap(({ from, to, what, over }) =>
    [...project.modules.values()]
      .filter(({ path, kind }) => kind === "shipped" && from.test(path))
      .flatMap(({ path, tree }) => {
        const way = wayTo(project, { from: path, isWanted: to, follows: over });
        if (way === undefined) return [];
        const line = lineOf(tree, way.first.node.getStart(tree));
        return [{ path, line, rule: name, message: `reaches ${what}: ${way.paths.join(" -> ")}` }];
      })
  );
}
