// Turns [data-editor] textareas into Cedar editors and [data-diff] frames into diff views.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from "@codemirror/view";
import { cedar } from "./cedar.js";
import { mountDiff } from "./diff.js";
import { serverLint } from "./lint.js";
import { look } from "./look.js";

function schemaNames(frame) {
  const source = frame.dataset.completions && document.getElementById(frame.dataset.completions);
  if (!source) return [];
  const names = JSON.parse(source.textContent);
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function sayer(frame) {
  const place = frame.querySelector("[data-editor-status]");
  return ({ text, tone }) => {
    if (!place) return;
    place.dataset.tone = tone;
    if (place.textContent !== text) place.textContent = text;
  };
}

function showPosition(frame, state) {
  const place = frame.querySelector("[data-editor-position]");
  if (!place) return;
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  place.textContent = `Line ${line.number}, column ${head - line.from + 1}`;
}

// Mod-Enter sends the form. Tab is left to the browser, so the keyboard is never trapped.
function keys(textarea) {
  const send = () => {
    textarea.form?.requestSubmit();
    return true;
  };
  return keymap.of([
    { key: "Mod-Enter", run: send },
    ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap,
    ...completionKeymap, ...lintKeymap,
  ]);
}

function accessibleName(textarea) {
  const attributes = { "aria-multiline": "true" };
  const label = textarea.labels?.[0];
  if (label) {
    label.id ||= `${textarea.id}-label`;
    attributes["aria-labelledby"] = label.id;
  } else {
    attributes["aria-label"] = textarea.getAttribute("aria-label") ?? "Policy text";
  }
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (textarea.hasAttribute(name)) attributes[name] = textarea.getAttribute(name);
  }
  return EditorView.contentAttributes.of(attributes);
}

function watch(frame, textarea) {
  return EditorView.updateListener.of((update) => {
    if (update.docChanged) {
      textarea.value = update.state.doc.toString();
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (update.docChanged || update.selectionSet) showPosition(frame, update.state);
  });
}

function mountEditor(frame) {
  const textarea = frame.querySelector("textarea");
  const isLocked = textarea.readOnly || textarea.disabled;
  const extensions = [
    look(), keys(textarea), lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(),
    indentOnInput(), indentUnit.of("  "), highlightActiveLine(), highlightActiveLineGutter(),
    highlightSelectionMatches(), autocompletion({ icons: false }), cedar(schemaNames(frame)),
    EditorView.lineWrapping, EditorState.tabSize.of(2), EditorState.readOnly.of(isLocked),
    accessibleName(textarea), watch(frame, textarea),
    frame.dataset.lintUrl ? serverLint(frame.dataset.lintUrl, sayer(frame)) : [],
  ];
  const view = new EditorView({ state: EditorState.create({ doc: textarea.value, extensions }) });
  view.scrollDOM.style.minHeight = `${Math.max(6, textarea.rows) * 1.3125 + 1.25}rem`;
  textarea.hidden = true;
  textarea.before(view.dom);
  textarea.labels?.[0]?.addEventListener("click", () => view.focus());
  if (textarea.autofocus) view.focus();
  frame.editorView = view;
}

function mountAll() {
  for (const frame of document.querySelectorAll("[data-editor]:not([data-mounted])")) {
    frame.dataset.mounted = "";
    mountEditor(frame);
  }
  for (const frame of document.querySelectorAll("[data-diff]:not([data-mounted])")) {
    frame.dataset.mounted = "";
    mountDiff(frame);
  }
}

mountAll();
document.addEventListener("htmx:after:swap", mountAll);
