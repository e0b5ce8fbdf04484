/** What a file imports and re-exports, read from its syntax tree, and where that lies. */
import { posix } from "node:path";
import ts from "typescript";

/** One import declaration, re-export, dynamic import or type import. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Names taken from it; `all` for a namespace, a dynamic import or `export *`. */
  readonly names: readonly string[] | "all";
  /** Erased before anything runs. */
  readonly isTypeOnly: boolean;
  /** Loaded when the program comes to it, not before it starts. */
  readonly isDynamic: boolean;
  readonly node: ts.Node;
}

/** Every import of a file, in order. */
export function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node) => {
    const one = importAt(node);
    if (one !== undefined) found.push(one);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** The file that a specifier names, relative to the top; undefined for packages and `node:`. */
export function targetOf(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (!specifier.startsWith(".")) return undefined;
  return posix.normalize(posix.join(posix.dirname(importer), specifier));
}

/** The package of a bare specifier: `hono` of `hono/http-exception`, `@nats-io/kv` of itself. */
export function packageOf(specifier: string): string | undefined {
  if (/^[.#]/.test(specifier) || specifier.startsWith("node:")) return undefined;
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function importAt(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) return importOf(node);
  if (ts.isExportDeclaration(node)) return reExportOf(node);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return made(node, node.argument.literal, { names: "all", isTypeOnly: true });
  }
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? made(node, node.arguments[0], { names: "all", isTypeOnly: false, isDynamic }) : undefined;
}

function importOf(node: ts.ImportDeclaration): Import | undefined {
  const clause = node.importClause;
  const bindings = clause?.namedBindings;
  if (bindings !== undefined && ts.isNamespaceImport(bindings)) {
    return made(node, node.moduleSpecifier, { names: "all", isTypeOnly: clause?.isTypeOnly ?? false });
  }
  const elements = bindings === undefined ? [] : [...bindings.elements];
  const names = elements.map((element) => (element.propertyName ?? element.name).text);
  if (clause?.name !== undefined) names.push("default");
  const isTypeOnly = clause !== undefined && (clause.isTypeOnly || namesOnlyTypes(clause, elements));
  return made(node, node.moduleSpecifier, { names, isTypeOnly });
}

function namesOnlyTypes(clause: ts.ImportClause, elements: readonly ts.ImportSpecifier[]): boolean {
  return clause.name === undefined && elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function reExportOf(node: ts.ExportDeclaration): Import | undefined {
  const clause = node.exportClause;
  const names = clause !== undefined && ts.isNamedExports(clause)
    ? clause.elements.map((element) => (element.propertyName ?? element.name).text)
    : "all";
  return made(node, node.moduleSpecifier, { names, isTypeOnly: node.isTypeOnly });
}

function made(
  node: ts.Node,
  specifier: ts.Node | undefined,
  rest: Pick<Import, "names" | "isTypeOnly"> & { readonly isDynamic?: boolean },
): Import | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, node, isDynamic: false, ...rest };
}
