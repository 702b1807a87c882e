// Keyboard and expansion for [role="tree"]: one tab stop, arrows move, Enter opens the link.

const ITEM = "[role=treeitem]";

function visibleItems(tree) {
  return [...tree.querySelectorAll(ITEM)].filter((item) => item.checkVisibility());
}

function focusItem(tree, item) {
  for (const other of tree.querySelectorAll(`${ITEM}[tabindex='0']`)) other.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

function isOpen(item) {
  return item.getAttribute("aria-expanded") === "true";
}

function setOpen(item, open) {
  if (!item.hasAttribute("aria-expanded")) return;
  item.setAttribute("aria-expanded", String(open));
  if (open) item.closest("li").dispatchEvent(new CustomEvent("tree:expand", { bubbles: false }));
}

function parentOf(item) {
  return item.closest("ul[role=group]")?.parentElement.querySelector(ITEM);
}

const KEYS = {
  ArrowDown: (item, all) => all[all.indexOf(item) + 1],
  ArrowUp: (item, all) => all[all.indexOf(item) - 1],
  Home: (item, all) => all[0],
  End: (item, all) => all.at(-1),
  ArrowRight(item, all) {
    if (isOpen(item)) return all[all.indexOf(item) + 1];
    setOpen(item, true);
    return item;
  },
  ArrowLeft(item) {
    if (!isOpen(item)) return parentOf(item);
    setOpen(item, false);
    return item;
  },
  " "(item) {
    setOpen(item, !isOpen(item));
    return item;
  },
};

function onKeydown(event) {
  const item = event.target.closest?.(ITEM);
  const tree = item?.closest("[role=tree]");
  if (!tree || !(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const next = KEYS[event.key](item, visibleItems(tree));
  if (next) focusItem(tree, next);
}

function onClick(event) {
  const toggle = event.target.closest?.("[data-tree-toggle]");
  if (!toggle) return;
  const item = toggle.parentElement.querySelector(ITEM);
  setOpen(item, !isOpen(item));
}

// Without script every item is its own tab stop; with it the tree is one.
function prepare() {
  for (const tree of document.querySelectorAll("[role=tree]")) {
    const items = [...tree.querySelectorAll(ITEM)];
    const stop = items.find((item) => item.dataset.ready && item.tabIndex === 0) ??
      items.find((item) => item.hasAttribute("aria-current")) ?? items[0];
    for (const item of items) {
      item.dataset.ready = "";
      item.tabIndex = item === stop ? 0 : -1;
    }
  }
}

export function startTrees() {
  prepare();
  document.addEventListener("keydown", onKeydown);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", prepare);
}
