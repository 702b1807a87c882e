"""What the browser's editor is told: problems, placed as it counts, and names to complete."""

from functools import cache
from typing import Any

from ..cedar import agent_names
from ..tokens import LINE_END
from ..types import Problem


def as_lint(problem: Problem, source: str) -> dict[str, Any]:
    """Return a problem for the editor, whose columns count UTF-16 units, from 1."""
    line = LINE_END.split(source)[problem.line - 1] if source else ""
    before = line[: problem.column - 1]
    return {
        "line": problem.line,
        "column": len(before.encode("utf-16-le")) // 2 + 1,
        "message": " ".join(filter(None, (problem.message, problem.suggestion))),
        "severity": problem.severity,
    }


@cache
def schema_names() -> list[str]:
    """Return the entity types, actions and attributes that policy text may name, sorted."""
    names = agent_names()
    return sorted(
        {*names.types, *(f'Action::"{name}"' for name in names.actions), *names.attributes}
    )
