// One WebSocket for the page: {"topic":"fleet"} becomes the event "live:fleet" on the body.

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
const STEADY_MS = 20_000;
const LABELS = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
  ended: "Signed out",
  elsewhere: "Reload",
};
// Of each code that ends it for good: nobody is signed in; the session acts in another company.
const ENDED_CODES = new Map([[4401, "ended"], [4403, "elsewhere"]]);

let socket = null;
let attempts = 0;
let timer = null;
let wasConnected = false;
let isEnded = false;
let steadyTimer = null;

function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function showState(state) {
  for (const element of document.querySelectorAll("[data-live-status]")) {
    element.dataset.state = state;
    element.querySelector("[data-live-text]").textContent = LABELS[state];
  }
}

function pulse() {
  for (const element of document.querySelectorAll("[data-live-status]")) {
    element.removeAttribute("data-pulse");
    requestAnimationFrame(() => element.setAttribute("data-pulse", ""));
  }
}

function dispatch(topic, detail) {
  document.body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { ...detail, topic } }));
}

// The page itself says which topics it shows.
function shownTopics() {
  const topics = new Set();
  for (const element of document.querySelectorAll("[hx-trigger*='live:'], [data-hx-trigger*='live:']")) {
    const trigger = element.getAttribute("hx-trigger") ?? element.getAttribute("data-hx-trigger");
    for (const match of trigger.matchAll(/live:([^\s,[\]]+)/g)) topics.add(match[1]);
  }
  for (const element of document.querySelectorAll("[data-live-topic]")) topics.add(element.dataset.liveTopic);
  return topics;
}

function receive(event) {
  let message;
  try {
    message = JSON.parse(event.data);
  } catch {
    return;
  }
  if (typeof message?.topic !== "string" || message.topic === "") return;
  pulse();
  count(message);
  dispatch(message.topic, message);
}

function count(message) {
  for (const banner of document.querySelectorAll("[data-live-topic]")) {
    if (banner.dataset.liveTopic !== message.topic) continue;
    const added = Number.isInteger(message.count) ? message.count : 1;
    const total = Number(banner.dataset.liveCount || 0) + added;
    banner.dataset.liveCount = String(total);
    showBanner(banner, `${total} new`);
  }
}

function showBanner(banner, text) {
  banner.querySelector("[data-live-banner-text]").textContent = text;
  banner.hidden = false;
}

function opened() {
  showState("connected");
  steadyTimer = setTimeout(() => { attempts = 0; }, STEADY_MS);
  // Something may have happened since the page was made, or since the last connection ended.
  for (const topic of shownTopics()) dispatch(topic, { opened: true });
  if (wasConnected) {
    for (const banner of document.querySelectorAll("[data-live-topic]")) {
      showBanner(banner, "This list may have changed");
    }
  }
  wasConnected = true;
}

function closed(event) {
  socket = null;
  clearTimeout(steadyTimer);
  if (ENDED_CODES.has(event.code)) {
    isEnded = true;
    showState(ENDED_CODES.get(event.code));
    return;
  }
  showState("reconnecting");
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts);
  attempts += 1;
  timer = setTimeout(connect, FIRST_DELAY_MS / 2 + Math.random() * ceiling);
}

function connect() {
  clearTimeout(timer);
  if (socket) return;
  socket = new WebSocket(socketUrl(document.body.dataset.liveUrl));
  socket.addEventListener("open", opened);
  socket.addEventListener("message", receive);
  socket.addEventListener("close", closed);
}

function retryNow() {
  if (socket || isEnded || document.hidden) return;
  connect();
}

function onClick(event) {
  const banner = event.target.closest?.("[data-live-topic]");
  if (!banner) return;
  banner.hidden = true;
  banner.dataset.liveCount = "0";
}

export function startLive() {
  if (!document.body.dataset.liveUrl) return;
  showState("connecting");
  connect();
  document.addEventListener("click", onClick);
  document.addEventListener("visibilitychange", retryNow);
  window.addEventListener("online", retryNow);
  window.addEventListener("pagehide", () => socket?.close());
  window.addEventListener("pageshow", (event) => event.persisted && retryNow());
}
