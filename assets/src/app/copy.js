// [data-copy] copies its data-copy-text, or the code of its block, and says so.

const SAID_MS = 1800;

function textFor(button) {
  if (button.dataset.copyText !== undefined) return button.dataset.copyText;
  return button.closest(".code-block")?.querySelector("code")?.textContent ?? "";
}

async function onClick(event) {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  if (button.dataset.busy) return;
  button.dataset.busy = "1";
  try {
    await navigator.clipboard.writeText(textFor(button));
    label.textContent = "Copied";
  } catch {
    label.textContent = "Could not copy";
  }
  setTimeout(() => {
    label.textContent = before;
    delete button.dataset.busy;
  }, SAID_MS);
}

export function startCopy() {
  document.addEventListener("click", onClick);
}
