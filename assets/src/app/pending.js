// Shows that an answer is awaited and blocks a second press; never pretends that it worked.

function start(button) {
  button.setAttribute("aria-busy", "true");
  button.classList.add("is-pending");
}

function stop(button) {
  button.removeAttribute("aria-busy");
  button.classList.remove("is-pending");
}

function buttonOf(ctx) {
  if (ctx.request?.submitter) return ctx.request.submitter;
  const source = ctx.sourceElement;
  return source.matches("button") ? source : source.matches("form") && source.querySelector("[type=submit]");
}

function onSubmit(event) {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  const button = event.submitter ?? event.target.querySelector("[type=submit]");
  if (button && event.target.method === "post") start(button);
}

function onClick(event) {
  if (!event.target.closest?.(".is-pending")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function startPending() {
  document.addEventListener("click", onClick, { capture: true });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("htmx:before:request", (event) => {
    const button = buttonOf(event.detail.ctx);
    if (button) start(button);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const button = buttonOf(event.detail.ctx);
    if (button) stop(button);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll(".is-pending").forEach(stop));
}
