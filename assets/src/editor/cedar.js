// Cedar for CodeMirror: a stream tokenizer, and completion of its words and the schema's names.
import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const KEYWORDS = new Set(["permit", "forbid", "when", "unless", "if", "then", "else"]);
const OPERATORS = new Set(["in", "is", "has", "like"]);
const VARIABLES = new Set(["principal", "action", "resource", "context"]);
const ATOMS = new Set(["true", "false"]);
const FUNCTIONS = new Set([
  "contains", "containsAll", "containsAny", "isEmpty", "getTag", "hasTag", "ip", "decimal", "datetime",
  "duration", "isIpv4", "isIpv6", "isLoopback", "isMulticast", "isInRange", "lessThan",
  "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "offset", "durationSince", "toDate", "toTime",
]);

function readString(stream) {
  let escaped = false;
  while (!stream.eol()) {
    const char = stream.next();
    if (char === '"' && !escaped) return "string";
    escaped = char === "\\" && !escaped;
  }
  return "string";
}

function readWord(stream) {
  stream.match(/^[A-Za-z_][A-Za-z0-9_]*/);
  const word = stream.current();
  if (KEYWORDS.has(word)) return "keyword";
  if (OPERATORS.has(word)) return "operatorKeyword";
  if (ATOMS.has(word)) return "atom";
  if (stream.match(/^\s*::/, false)) return "typeName";
  if (VARIABLES.has(word)) return "variableName.special";
  if (FUNCTIONS.has(word) && stream.match(/^\s*\(/, false)) return "call";
  return /^[A-Z]/.test(word) ? "typeName" : "propertyName";
}

function readToken(stream) {
  if (stream.eatSpace()) return null;
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match(/^@[A-Za-z_]\w*/)) return "meta";
  if (stream.match(/^\?(principal|resource)\b/)) return "variableName.special";
  if (stream.eat('"')) return readString(stream);
  if (stream.match(/^-?\d+/)) return "number";
  if (/[A-Za-z_]/.test(stream.peek())) return readWord(stream);
  if (stream.match(/^(==|!=|<=|>=|&&|\|\||::|[<>!+\-*])/)) return "operator";
  stream.next();
  return "punctuation";
}

const language = StreamLanguage.define({
  name: "cedar",
  token: readToken,
  tokenTable: { call: tags.function(tags.variableName) },
  languageData: {
    commentTokens: { line: "//" },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
    indentOnInput: /^\s*[})\]]$/,
  },
});

function words(names, type) {
  return [...names].map((label) => ({ label, type }));
}

export function cedar(schemaNames = []) {
  const options = [
    ...words(KEYWORDS, "keyword"),
    ...words(OPERATORS, "keyword"),
    ...words(VARIABLES, "variable"),
    ...words(ATOMS, "constant"),
    ...words(FUNCTIONS, "function"),
    ...schemaNames.map((label) => ({ label, type: label.includes('::"') ? "constant" : "type" })),
  ];
  const complete = (context) => {
    const before = context.matchBefore(/[A-Za-z_][\w:"]*/);
    if (!before && !context.explicit) return null;
    return { from: before?.from ?? context.pos, options, validFor: /^[\w:"]*$/ };
  };
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }));
}
