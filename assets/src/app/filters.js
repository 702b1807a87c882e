// Filter forms apply by themselves and leave empty fields out of the URL; a problem box takes focus.

function onChange(event) {
  if (event.target.matches?.("[data-submit-on-change]")) event.target.form.requestSubmit();
}

function onSubmit(event) {
  if (!event.target.matches("[data-filter-form]")) return;
  const blanks = [...event.target.elements].filter((field) => field.name && field.value === "");
  blanks.forEach((field) => { field.disabled = true; });
  setTimeout(() => blanks.forEach((field) => { field.disabled = false; }));
}

function prepare() {
  for (const button of document.querySelectorAll("[data-filter-apply]")) button.hidden = true;
  const problem = document.querySelector("[data-problem]:not([data-shown])");
  if (!problem) return;
  problem.dataset.shown = "";
  problem.focus();
}

export function startFilters() {
  document.addEventListener("change", onChange);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
}
