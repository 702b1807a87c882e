// Colours and sizes of the editor, all from the page's own variables so both themes follow.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--code-keyword)", fontWeight: "550" },
  { tag: [tags.typeName, tags.meta], color: "var(--code-type)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.special(tags.variableName), color: "var(--color-primary)" },
  { tag: tags.function(tags.variableName), color: "var(--code-type)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation], color: "var(--muted)" },
]);

const base = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--color-base-content)", fontSize: "0.78125rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", fontVariantLigatures: "none", lineHeight: "1.3125rem", overflow: "auto" },
  ".cm-content": { padding: "0.625rem 0", caretColor: "var(--color-base-content)" },
  ".cm-line": { padding: "0 0.875rem 0 0.5rem" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", border: "none", paddingLeft: "0.25rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--color-base-content)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--color-primary) 24%, transparent) !important",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--selected)", outline: "1px solid var(--line-strong)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)", color: "var(--color-base-content)", border: "1px solid var(--line)",
    borderRadius: "0.5rem", boxShadow: "var(--shadow-float)", overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)", fontSize: "0.75rem" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "0.1875rem 0.5rem" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--fill-primary)", color: "var(--fill-primary-content)" },
  ".cm-diagnostic": { fontFamily: "var(--font-sans)", fontSize: "0.8125rem", padding: "0.375rem 0.625rem" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--color-error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--color-warning)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--color-error) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--color-warning) 1px", textUnderlineOffset: "3px" },
  ".cm-gutter-lint": { width: "1rem" },
  ".cm-gutter-lint .cm-gutterElement": { display: "grid", placeItems: "center", padding: "0" },
  ".cm-lint-marker": { width: "0.5rem", height: "0.5rem", borderRadius: "50%", content: "none" },
  ".cm-lint-marker-error": { backgroundColor: "var(--color-error)" },
  ".cm-lint-marker-warning": { backgroundColor: "var(--color-warning)", borderRadius: "1px" },
  ".cm-panels": { backgroundColor: "var(--color-base-200)", color: "var(--color-base-content)" },
  ".cm-insertedLine, &.cm-merge-b .cm-changedLine": { backgroundColor: "color-mix(in oklab, var(--code-added) 60%, transparent) !important" },
  ".cm-deletedChunk, &.cm-merge-a .cm-changedLine": { backgroundColor: "color-mix(in oklab, var(--code-removed) 60%, transparent) !important" },
  "&.cm-merge-b .cm-changedText, .cm-insertedLine .cm-changedText": { background: "var(--code-added) !important", textDecoration: "none" },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": { background: "var(--code-removed) !important", textDecoration: "none" },
  ".cm-deletedChunk": { paddingLeft: "0.5rem" },
  ".cm-deletedLine, .cm-deletedLine del, .cm-insertedLine ins": { textDecoration: "none" },
  ".cm-changeGutter": { width: "3px", paddingLeft: "0" },
  ".cm-changedLineGutter": { backgroundColor: "var(--color-success) !important" },
  ".cm-deletedLineGutter": { backgroundColor: "var(--color-error) !important" },
  ".cm-collapsedLines": {
    background: "var(--color-base-200)", color: "var(--muted)", padding: "0.1875rem 0.875rem", fontFamily: "var(--font-sans)", fontSize: "0.75rem",
  },
});

// The strict content security policy lets CodeMirror add its style sheet by this nonce.
export function look() {
  const nonce = document.querySelector("meta[name=csp-nonce]")?.content ?? "";
  return [EditorView.cspNonce.of(nonce), base, syntaxHighlighting(highlight)];
}
