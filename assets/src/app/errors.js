// Keeps error pages out of fragments: a whole page or a server error becomes a notice, never a swap.
import { showToast } from "./toasts.js";

const MESSAGES = {
  401: "You are signed out. Sign in again to continue.",
  403: "You are not allowed to do that.",
  404: "That is no longer there.",
  429: "Too many requests at once. Wait a moment and try again.",
};

function isWholePage(text) {
  return /^\s*<!doctype html/i.test(text ?? "");
}

function beforeSwap(event) {
  const { ctx } = event.detail;
  const { status, raw } = ctx.response ?? {};
  if (!status) return;
  const isPage = isWholePage(ctx.text);
  if (isPage && raw.redirected && status < 400) {
    event.preventDefault();
    location.assign(raw.url);
    return;
  }
  if (status < 400 || (status < 500 && !isPage)) return;
  event.preventDefault();
  const requestId = raw.headers.get("X-Request-ID");
  const text = MESSAGES[status] ?? "The portal could not do that.";
  showToast({ level: "error", text: requestId ? `${text} Request ${requestId}` : text });
}

function onFailure(event) {
  if (event.detail?.ctx?.request) {
    showToast({ level: "error", text: "The portal did not answer. Check your connection and try again." });
  }
}

export function startErrors() {
  document.addEventListener("htmx:before:swap", beforeSwap);
  document.addEventListener("htmx:error", onFailure);
}
