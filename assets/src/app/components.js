// Alpine components: x-data="menu", x-data="tabs", x-data="themeChoice".
import { chooseTheme, currentTheme } from "./theme.js";

function step(items, from, event) {
  const moves = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  if (event.key === "Home") return items[0];
  if (event.key === "End") return items.at(-1);
  if (!(event.key in moves) || items.length === 0) return null;
  return items[(items.indexOf(from) + moves[event.key] + items.length) % items.length];
}

export function menu() {
  return {
    open: false,
    toggle() {
      this.open = !this.open;
      if (this.open) this.$nextTick(() => this.items()[0]?.focus());
    },
    close() {
      this.open = false;
    },
    dismiss(event) {
      if (!this.open) return;
      event.stopPropagation();
      this.open = false;
      this.$refs.trigger.focus();
    },
    items() {
      return [...this.$refs.panel.querySelectorAll("a, button")];
    },
    move(event) {
      const next = step(this.items(), document.activeElement, event);
      if (!next) return;
      event.preventDefault();
      next.focus();
    },
    leave(event) {
      if (event.relatedTarget && !this.$root.contains(event.relatedTarget)) this.open = false;
    },
  };
}

export function tabs() {
  return {
    init() {
      const wanted = location.hash.slice(1);
      const chosen = this.tabs().find((tab) => tab.getAttribute("aria-controls") === wanted);
      this.choose(chosen ?? this.tabs()[0]);
    },
    tabs() {
      return [...this.$root.querySelectorAll('[role="tab"]')];
    },
    pick(event) {
      const tab = event.target.closest('[role="tab"]');
      if (tab) this.choose(tab);
    },
    move(event) {
      const next = step(this.tabs(), document.activeElement, event);
      if (!next) return;
      event.preventDefault();
      this.choose(next);
      next.focus();
    },
    choose(chosen) {
      for (const tab of this.tabs()) {
        const isChosen = tab === chosen;
        tab.setAttribute("aria-selected", String(isChosen));
        tab.tabIndex = isChosen ? 0 : -1;
        document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
      }
    },
  };
}

export function themeChoice() {
  return {
    chosen: currentTheme(),
    init() {
      this.mark();
    },
    pick(event) {
      const button = event.target.closest("[data-theme-choice]");
      if (!button) return;
      this.chosen = button.dataset.themeChoice;
      chooseTheme(this.chosen);
      this.mark();
    },
    mark() {
      for (const button of this.$root.querySelectorAll("[data-theme-choice]")) {
        button.setAttribute("aria-pressed", String(button.dataset.themeChoice === this.chosen));
      }
    },
  };
}
