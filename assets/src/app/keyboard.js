// Keyboard: Ctrl-K palette, "g" then a letter to go, j/k in lists, data-key verbs, "?" for help.
import { readPreference, writePreference } from "./storage.js";

const SEQUENCE_MS = 1200;
let goUntil = 0;

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=textbox], .cm-editor");
}

function isVisible(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function areVerbsOn() {
  return readPreference("shortcuts") !== "off";
}

function press(selector, root = document) {
  const element = [...root.querySelectorAll(selector)].find(
    (found) => isVisible(found) && !found.matches(":disabled, [aria-disabled=true]"),
  );
  if (!element) return false;
  if (element.matches("input:not([type=checkbox]), select, textarea")) element.focus();
  else element.click();
  return true;
}

function rowLink(row) {
  return row.querySelector("[data-row-link]") ?? row.querySelector("a[href], button");
}

function activeRow() {
  return document.activeElement?.closest?.("[data-row-list] > *") ?? null;
}

function moveRow(direction) {
  const current = activeRow();
  const list = current?.parentElement ??
    [...document.querySelectorAll("[data-row-list]")].find(isVisible);
  if (!list) return false;
  const rows = [...list.children].filter((row) => rowLink(row));
  const index = current ? rows.indexOf(current) + direction : direction > 0 ? 0 : rows.length - 1;
  const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
  if (!row) return false;
  rowLink(row).focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function pressVerb(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const row = activeRow();
  const ofRow = `[data-row-key="${CSS.escape(key)}"]`;
  return (row && (press(ofRow, row) || press(selector, row))) || press(selector);
}

function openHelp() {
  document.getElementById("help-dialog")?.showModal();
  return true;
}

function focusSearch() {
  const field = [...document.querySelectorAll("[data-search]")].find(isVisible);
  if (!field) return false;
  field.focus();
  field.select();
  return true;
}

function handlePlain(key) {
  if (performance.now() < goUntil) {
    goUntil = 0;
    return press(`[data-go="${CSS.escape(key)}"]`) || pressHidden(`[data-go="${CSS.escape(key)}"]`);
  }
  if (key === "g") {
    goUntil = performance.now() + SEQUENCE_MS;
    return true;
  }
  const fixed = {
    j: () => moveRow(1) || pressVerb("j"),
    k: () => moveRow(-1) || pressVerb("k"),
    "?": openHelp,
    "/": focusSearch,
  };
  return fixed[key] ? fixed[key]() : pressVerb(key);
}

// At phone width the sidebar is hidden, yet "g p" on an attached keyboard should still go there.
function pressHidden(selector) {
  const link = document.querySelector(selector);
  link?.click();
  return Boolean(link);
}

function onKeydown(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("palette:open"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || !areVerbsOn()) return;
  if (handlePlain(event.key)) event.preventDefault();
}

function listVerbs() {
  const place = document.querySelector("[data-page-verbs]");
  if (!place) return;
  const verbs = [...document.querySelectorAll("[data-key]:not(:disabled, [aria-disabled=true])")].filter(isVisible);
  const rows = new Map(verbs.map((element) => [element.dataset.key, verbName(element)]));
  place.closest("[data-page-verbs-section]").hidden = rows.size === 0;
  place.replaceChildren(...[...rows].map(([key, name]) => verbRow(key, name)));
}

export function verbName(element) {
  if (element.dataset.keyName) return element.dataset.keyName;
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, svg").forEach((node) => node.remove());
  return copy.textContent.trim() || element.getAttribute("aria-label") || element.dataset.key;
}

function verbRow(key, name) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const detail = document.createElement("dd");
  const cap = document.createElement("kbd");
  cap.className = "key";
  cap.textContent = key;
  term.textContent = name;
  detail.append(cap);
  row.append(term, detail);
  return row;
}

function startSwitch() {
  const box = document.querySelector("[data-shortcuts-switch]");
  if (!box) return;
  box.checked = areVerbsOn();
  box.addEventListener("change", () => writePreference("shortcuts", box.checked ? null : "off"));
}

export function startKeyboard() {
  document.addEventListener("keydown", onKeydown);
  document.getElementById("help-dialog")?.addEventListener("toggle", listVerbs);
  startSwitch();
}
