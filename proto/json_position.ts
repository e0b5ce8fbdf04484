/** Finds the token that V8's JSON parser complains of without a position: one that stands where a value must begin. */

const literal = /true|false|null/y;
const number = /[-+.0-9eE]+/y;

/** Position of the first token that is no value although one must begin there; the text's length when there is none. */
export function misplacedTokenAt(text: string): number {
  let previous = ",";
  for (let at = 0; at < text.length;) {
    const character = text[at];
    const end = tokenEnd(text, at);
    if (!" \t\r\n".includes(character)) {
      const isEmptyList = previous === "[" && character === "]";
      if (",:[".includes(previous) && !isEmptyList && (end === at || ",:]}".includes(character))) return at;
      previous = character;
    }
    at = Math.max(end, at + 1);
  }
  return text.length;
}

/** Where the token that begins at `at` ends; `at` itself when none begins there. */
function tokenEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  for (const pattern of [literal, number]) {
    pattern.lastIndex = at;
    if (pattern.test(text)) return pattern.lastIndex;
  }
  return "{}[]:, \t\r\n".includes(text[at]) ? at + 1 : at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
