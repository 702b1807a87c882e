// Problems from the server: POSTs the text to data-lint-url, shows [{line, column, message, severity}].
import { forceLinting, linter, lintGutter } from "@codemirror/lint";

const DELAY_MS = 350;
const SEVERITIES = new Set(["error", "warning", "info", "hint"]);

function position(doc, line, column) {
  const found = doc.line(Math.max(1, Math.min(line, doc.lines)));
  return Math.min(found.from + Math.max(0, column - 1), found.to);
}

function toDiagnostic(doc, problem) {
  const from = position(doc, problem.line ?? 1, problem.column ?? 1);
  const line = doc.lineAt(from);
  const word = line.text.slice(from - line.from).match(/^(\w+|\S)/)?.[0].length ?? 0;
  const end = problem.end_line
    ? position(doc, problem.end_line, problem.end_column ?? 1)
    : from + word;
  return {
    from,
    to: Math.max(from, end),
    severity: SEVERITIES.has(problem.severity) ? problem.severity : "error",
    message: String(problem.message ?? ""),
  };
}

function summary(problems) {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const part = (count, word) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`]);
  if (problems.length === 0) return { text: "No problems", tone: "success" };
  const text = [...part(errors, "error"), ...part(warnings, "warning")].join(", ");
  return { text, tone: errors > 0 ? "error" : "warning" };
}

async function fetchProblems(url, text, signal) {
  const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({ source: text }),
    headers: { "X-CSRFToken": csrf, Accept: "application/json" },
    credentials: "same-origin",
    signal,
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

// `say` receives {text, tone} for the status line; a check that could not run is said, not hidden.
export function serverLint(url, say) {
  let running = null;
  const source = async (view) => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    const { doc } = view.state;
    if (doc.toString().trim() === "") {
      say({ text: "Empty", tone: "neutral" });
      return [];
    }
    try {
      const problems = (await fetchProblems(url, doc.toString(), signal)).map((problem) => toDiagnostic(doc, problem));
      if (!signal.aborted) say(summary(problems));
      return problems;
    } catch (error) {
      if (error.name !== "AbortError") say({ text: "Could not check this text", tone: "warning" });
      return [];
    }
  };
  return [linter(source, { delay: DELAY_MS }), lintGutter()];
}

export { forceLinting };
