// Asks before a consequential step: data-confirm on a form or its button, hx-confirm for htmx.

function fill(dialog, source, text) {
  const verb = source.dataset.confirmVerb || "Continue";
  const accept = dialog.querySelector("[data-confirm-accept]");
  dialog.querySelector("[data-confirm-title]").textContent = source.dataset.confirmTitle || "Are you sure?";
  dialog.querySelector("[data-confirm-text]").textContent = text;
  accept.textContent = verb;
  const isDanger = source.dataset.confirmTone === "danger";
  accept.classList.toggle("btn-error", isDanger);
  accept.classList.toggle("btn-primary", !isDanger);
}

function ask(source, text) {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog) return Promise.resolve(window.confirm(text));
  fill(dialog, source, text);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true });
  });
}

const confirmed = new WeakSet();

async function onSubmit(event) {
  const form = event.target;
  if (confirmed.delete(form)) return;
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!source.dataset.confirm) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(source, source.dataset.confirm))) return;
  confirmed.add(form);
  form.requestSubmit(event.submitter ?? undefined);
}

async function onHtmxConfirm(event) {
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (!ctx.confirm) return;
  event.preventDefault();
  if (await ask(ctx.sourceElement, ctx.confirm)) issueRequest();
  else dropRequest();
}

export function startConfirm() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("htmx:confirm", onHtmxConfirm);
}
