// The choice of theme: light, dark, or the system's.
import { readPreference, writePreference } from "./storage.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function currentTheme() {
  const chosen = readPreference("theme");
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function paint(choice) {
  const dark = choice === "dark" || (choice === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "aeterna-dark" : "aeterna-light";
  document.dispatchEvent(new CustomEvent("theme:change"));
}

export function chooseTheme(choice) {
  writePreference("theme", choice === "system" ? null : choice);
  paint(choice);
}

export function toggleTheme() {
  const isDark = document.documentElement.dataset.theme === "aeterna-dark";
  chooseTheme(isDark ? "light" : "dark");
}

system.addEventListener("change", () => paint(currentTheme()));
