// The command palette (x-data="palette" on its <dialog>): results come from the server by htmx,
// an empty query shows where to go and what this page can do.
import { verbName } from "./keyboard.js";
import { toggleTheme } from "./theme.js";

const COMMANDS = {
  theme: toggleTheme,
  help: () => document.getElementById("help-dialog")?.showModal(),
};

function pageVerbs() {
  const found = [...document.querySelectorAll("[data-key]")].filter(
    (element) => element.checkVisibility() && !element.closest("[data-row-list], dialog") &&
      !element.matches(":disabled, [aria-disabled=true]"),
  );
  return new Map(found.map((element) => [element.dataset.key, element]));
}

export function palette() {
  return {
    selected: null,
    init() {
      document.addEventListener("palette:open", () => this.open());
    },
    open() {
      if (this.$root.open) return;
      document.querySelector("dialog[open]")?.close();
      this.$refs.input.value = "";
      this.reset();
      this.$root.showModal();
      this.$refs.input.focus();
    },
    reset() {
      const defaults = document.getElementById("palette-default").content.cloneNode(true);
      this.addVerbs(defaults);
      this.$refs.results.replaceChildren(defaults);
      this.selectFirst();
    },
    addVerbs(fragment) {
      const group = fragment.querySelector("[data-palette-verbs]");
      const sample = group.querySelector("[role=option]");
      const verbs = pageVerbs();
      for (const [key, element] of verbs) {
        const option = sample.cloneNode(true);
        option.dataset.press = key;
        option.id = `palette-verb-${key.codePointAt(0)}`;
        option.querySelector("[data-text]").textContent = verbName(element);
        option.querySelector("kbd").textContent = key;
        group.append(option);
      }
      sample.remove();
      if (verbs.size === 0) group.remove();
    },
    typed(event) {
      if (this.$refs.input.value.trim() !== "") return;
      event.stopImmediatePropagation();
      this.reset();
    },
    options() {
      return [...this.$refs.results.querySelectorAll("[role=option]")];
    },
    selectFirst() {
      this.select(this.options()[0] ?? null);
    },
    select(option) {
      this.selected = option;
      for (const other of this.options()) other.setAttribute("aria-selected", String(other === option));
      if (option) {
        this.$refs.input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else {
        this.$refs.input.removeAttribute("aria-activedescendant");
      }
    },
    move(event) {
      const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter") {
        event.preventDefault();
        this.run(this.selected);
      }
      if (!direction) return;
      event.preventDefault();
      const options = this.options();
      if (options.length === 0) return;
      const index = options.indexOf(this.selected) + direction;
      this.select(options[(index + options.length) % options.length]);
    },
    hover(event) {
      const option = event.target.closest("[role=option]");
      if (option && option !== this.selected) this.select(option);
    },
    pick(event) {
      const option = event.target.closest("[role=option]");
      if (option) this.run(option);
    },
    run(option) {
      if (!option) return;
      this.$root.close();
      if (option.dataset.href) location.assign(option.dataset.href);
      else if (option.dataset.command) COMMANDS[option.dataset.command]?.();
      else pageVerbs().get(option.dataset.press)?.click();
    },
  };
}
