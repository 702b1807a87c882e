// Sets the chosen theme before the first paint; loaded by a plain script tag in the head.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("aeterna-theme");
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "aeterna-dark" : "aeterna-light";
})();
