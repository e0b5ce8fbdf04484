/**
 * Rule: an export says in a docstring what it is for. Constants of one line each that follow each other without an empty
 * line are one thing under one docstring.
 */
import ts from "typescript";
import { isExported } from "./nodes.ts";
import { fileRule } from "./project.ts";

/** See the head of this file. */
export const docstrings = fileRule("docstrings", function* ({ kind, tree }) {
  if (kind === "test") return;
  const told = new Set<ts.Statement>();
  tree.statements.forEach((statement, place) => {
    const before = tree.statements[place - 1];
    const isTold = ts.getJSDocCommentsAndTags(statement).length > 0 || told.has(before) && continues(statement, before);
    if (isTold) told.add(statement);
  });
  for (const statement of tree.statements) {
    const name = isExported(statement) && !told.has(statement) ? nameOf(statement) : undefined;
    if (name !== undefined) yield [statement, `"${name}" has no docstring`];
  }
});

/** Whether a constant of one line stands directly below another. */
function continues(statement: ts.Statement, before: ts.Statement): boolean {
  return ts.isVariableStatement(before) && ts.isVariableStatement(statement) &&
    statement.getFullText().split("\n").length === 2;
}

function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0].name.getText();
  const named = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
  return named ? statement.name?.text : undefined;
}
