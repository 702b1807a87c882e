// Opens <dialog id="x"> from [data-dialog="x"]; closes by [data-dialog-close] or the
// backdrop; [data-open-palette] opens the palette.

function isOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right ||
    event.clientY < box.top || event.clientY > box.bottom;
}

function onClick(event) {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    document.getElementById(opener.dataset.dialog)?.showModal();
    return;
  }
  if (event.target.closest?.("[data-open-palette]")) {
    document.dispatchEvent(new CustomEvent("palette:open"));
    return;
  }
  const closer = event.target.closest?.("[data-dialog-close]");
  if (closer) {
    closer.closest("dialog")?.close();
    return;
  }
  const isBackdrop = event.target instanceof HTMLDialogElement && event.detail > 0;
  if (isBackdrop && isOutside(event.target, event)) event.target.close();
}

function openMarked(root) {
  for (const dialog of root.querySelectorAll("dialog[data-dialog-open]:not([open])")) {
    dialog.removeAttribute("data-dialog-open");
    dialog.showModal();
  }
}

export function startDialogs() {
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", () => openMarked(document));
  openMarked(document);
}
