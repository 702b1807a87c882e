// Before and after as one column or two; data-diff holds two <pre> and the switch between views.
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { cedar } from "./cedar.js";
import { look } from "./look.js";

const NARROW = matchMedia("(width < 48rem)");

function readOnly(label) {
  return [
    look(),
    lineNumbers(),
    cedar(),
    EditorView.lineWrapping,
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" }),
  ];
}

const COLLAPSE = { margin: 3, minSize: 6 };

function unified(parent, before, after) {
  const extensions = [
    readOnly("Changes"),
    unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: COLLAPSE }),
  ];
  return new EditorView({ parent, state: EditorState.create({ doc: after, extensions }) });
}

function split(parent, before, after) {
  return new MergeView({
    parent,
    a: { doc: before, extensions: readOnly("Before") },
    b: { doc: after, extensions: readOnly("After") },
    collapseUnchanged: COLLAPSE,
  });
}

export function mountDiff(frame) {
  const before = frame.querySelector("[data-diff-before]").textContent;
  const after = frame.querySelector("[data-diff-after]").textContent;
  const place = document.createElement("div");
  frame.querySelector("[data-diff-fallback]").hidden = true;
  frame.append(place);
  let view = null;
  const show = (mode) => {
    view?.destroy();
    place.replaceChildren();
    view = (mode === "split" ? split : unified)(place, before, after);
    for (const button of frame.querySelectorAll("[data-diff-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.diffMode === mode));
    }
  };
  frame.addEventListener("click", (event) => {
    const button = event.target.closest("[data-diff-mode]");
    if (button) show(button.dataset.diffMode);
  });
  show(NARROW.matches ? "unified" : frame.dataset.diff || "unified");
}
