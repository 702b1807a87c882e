// Opens <dialog id="x"> from [data-dialog="x"], or when the address ends in #x; closes by
// [data-dialog-close] or the backdrop; [data-open-palette] opens the palette. Openers and closers
// are submit buttons of forms that lead to #x and away: without a script the style sheet shows the
// dialog that the address names.

function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right ||
    event.clientY < box.top || event.clientY > box.bottom;
}

function named(id) {
  const found = id && document.getElementById(id);
  return found instanceof HTMLDialogElement ? found : null;
}

function onClick(event) {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    // One that came with a live update has its dialog only on the page that it leads to.
    const dialog = named(opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.target.closest?.("[data-open-palette]")) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("palette:open"));
    return;
  }
  const closer = event.target.closest?.("[data-dialog-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog")?.close();
    return;
  }
  const isBackdrop = event.target instanceof HTMLDialogElement && event.detail > 0;
  if (isBackdrop && isOutside(event.target, event)) event.target.close();
}

function openMarked() {
  for (const dialog of document.querySelectorAll("dialog[data-dialog-open]")) {
    dialog.removeAttribute("data-dialog-open");
    dialog.removeAttribute("open");
    dialog.showModal();
  }
}

function openNamed() {
  const dialog = named(location.hash.slice(1));
  if (!dialog || dialog.open) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  dialog.showModal();
}

export function startDialogs() {
  document.documentElement.dataset.enhanced = "";
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", openMarked);
  openMarked();
  openNamed();
}
