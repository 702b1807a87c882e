// Keyboard and expansion for [role="tree"]: one tab stop, arrows move, Enter opens the link.

const nodesIn = (tree) =>
  [...tree.querySelectorAll("[role=treeitem]")].filter((node) => !node.parentElement.closest("[aria-expanded=false]"));

function focusNode(tree, node) {
  for (const other of tree.querySelectorAll("[role=treeitem][tabindex='0']")) other.tabIndex = -1;
  node.tabIndex = 0;
  node.focus();
}

function setExpanded(node, isExpanded) {
  if (!node.hasAttribute("aria-expanded")) return;
  node.setAttribute("aria-expanded", String(isExpanded));
  if (isExpanded) node.dispatchEvent(new CustomEvent("tree:expand", { bubbles: false }));
}

function parentNode(node) {
  return node.parentElement.closest("[role=treeitem]");
}

const KEYS = {
  ArrowDown: (tree, node, all) => all[all.indexOf(node) + 1],
  ArrowUp: (tree, node, all) => all[all.indexOf(node) - 1],
  Home: (tree, node, all) => all[0],
  End: (tree, node, all) => all.at(-1),
  ArrowRight(tree, node, all) {
    if (node.getAttribute("aria-expanded") === "true") return all[all.indexOf(node) + 1];
    setExpanded(node, true);
    return node;
  },
  ArrowLeft(tree, node) {
    if (node.getAttribute("aria-expanded") !== "true") return parentNode(node);
    setExpanded(node, false);
    return node;
  },
  Enter(tree, node) {
    node.querySelector(":scope > .tree-row a")?.click();
    return node;
  },
  " "(tree, node) {
    setExpanded(node, node.getAttribute("aria-expanded") !== "true");
    return node;
  },
};

function onKeydown(event) {
  const node = event.target.closest?.("[role=treeitem]");
  const tree = node?.closest("[role=tree]");
  if (!tree || event.target !== node || !(event.key in KEYS)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const next = KEYS[event.key](tree, node, nodesIn(tree));
  if (next && tree.contains(next)) focusNode(tree, next);
}

function onClick(event) {
  const toggle = event.target.closest?.("[data-tree-toggle]");
  if (!toggle) return;
  const node = toggle.closest("[role=treeitem]");
  setExpanded(node, node.getAttribute("aria-expanded") !== "true");
}

// Without script every link is its own tab stop; with it the tree is one.
function prepare(root) {
  for (const tree of root.querySelectorAll("[role=tree]")) {
    const nodes = tree.querySelectorAll("[role=treeitem]");
    nodes.forEach((node) => { if (!node.hasAttribute("tabindex")) node.tabIndex = -1; });
    tree.querySelectorAll(".tree-row :is(a, button)").forEach((inner) => { inner.tabIndex = -1; });
    const current = tree.querySelector("[role=treeitem][aria-current]") ?? nodes[0];
    if (current && !tree.querySelector("[role=treeitem][tabindex='0']")) current.tabIndex = 0;
  }
}

export function startTrees() {
  prepare(document);
  document.addEventListener("keydown", onKeydown);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", () => prepare(document));
}
