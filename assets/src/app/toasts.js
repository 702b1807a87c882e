// Notices at the corner: Django messages, and HX-Trigger: {"toast": {"level": "success", "text": "…"}}.

const LEVELS = new Set(["success", "info", "warning", "error"]);
const STAY_MS = 7000;

function expire(item) {
  if (item.dataset.level === "error" || item.dataset.level === "warning") return;
  let timer = setTimeout(() => item.remove(), STAY_MS);
  item.addEventListener("pointerenter", () => clearTimeout(timer));
  item.addEventListener("focusin", () => clearTimeout(timer));
  item.addEventListener("pointerleave", () => { timer = setTimeout(() => item.remove(), STAY_MS); });
}

export function showToast({ level = "info", text, url, label }) {
  const region = document.getElementById("toasts");
  const known = LEVELS.has(level) ? level : "info";
  const template = document.getElementById(`toast-${known}`);
  if (!region || !template || !text) return;
  const item = template.content.firstElementChild.cloneNode(true);
  const place = item.querySelector("[data-toast-text]");
  place.textContent = text;
  if (url?.startsWith("/") && label) {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = label;
    place.append(" ", link);
  }
  region.append(item);
  raise(region);
  expire(item);
}

// A modal dialog covers the page; showing the region again as a popover lifts it above.
function raise(region) {
  if (!region.showPopover || !document.querySelector("dialog:modal")) return;
  region.popover = "manual";
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

export function startToasts() {
  const region = document.getElementById("toasts");
  if (!region) return;
  [...region.children].forEach(expire);
  document.addEventListener("toast", (event) => showToast(event.detail ?? {}));
  region.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest("[data-level]")?.remove();
  });
}
