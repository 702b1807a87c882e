// Choosing several rows of a list: what is chosen outlives a live update, and is counted.
const chosen = new Set();

function boxes() {
  return [...document.querySelectorAll("[data-choose]")];
}

// A row that was changed meanwhile has another value: it is chosen as it was seen, or not at all.
function restore() {
  for (const box of boxes()) box.checked = chosen.has(box.value);
  tell();
}

function tell() {
  const place = document.querySelector("[data-chosen-count]");
  if (!place) return;
  const count = boxes().filter((box) => box.checked).length;
  place.textContent = count === 0 ? "None selected" : `${count} selected`;
}

function note(box) {
  if (box.checked) chosen.add(box.value);
  else chosen.delete(box.value);
}

function onChange(event) {
  if (!event.target.matches?.("[data-choose]")) return;
  note(event.target);
  tell();
}

function onClick(event) {
  if (!event.target.closest?.("[data-choose-all]")) return;
  event.preventDefault();
  const all = boxes();
  const isAll = all.every((box) => box.checked);
  for (const box of all) {
    box.checked = !isAll;
    note(box);
  }
  tell();
}

export function startTriage() {
  boxes().forEach((box) => box.checked && chosen.add(box.value));
  document.addEventListener("change", onChange);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", restore);
  tell();
}
