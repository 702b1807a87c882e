// Marks what a live update changed: elements with data-flash="key" glow when their text differs.

const seen = new Map();

function scan(root, mark) {
  for (const element of root.querySelectorAll("[data-flash]")) {
    const key = element.dataset.flash;
    const text = element.textContent;
    if (mark && seen.has(key) && seen.get(key) !== text) {
      element.classList.remove("is-fresh");
      requestAnimationFrame(() => element.classList.add("is-fresh"));
    }
    seen.set(key, text);
  }
}

export function startFlash() {
  scan(document, false);
  document.addEventListener("htmx:after:swap", () => scan(document, true));
}
