// Writes <time data-relative datetime="…"> as "5 min ago"; the full local time stays in its title.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFRESH_MS = 20_000;
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

function amount(seconds) {
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

export function relative(then, now) {
  const seconds = (now - then) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds >= 0 ? "just now" : "in a moment";
  if (distance >= 30 * DAY) return short.format(then);
  const text = amount(Math.max(distance, MINUTE));
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

function refresh(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    const text = relative(then, now);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = full.format(then);
  }
}

export function startTimes() {
  refresh(document);
  setInterval(() => refresh(document), REFRESH_MS);
  document.addEventListener("htmx:after:swap", () => refresh(document));
}
