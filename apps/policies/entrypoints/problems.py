"""What the browser's editor is told: problems, placed as it counts, and names to complete."""

import re
from functools import cache
from typing import Any

from .. import queries
from ..tokens import LINE_END
from ..types import Problem


def as_lint(problem: Problem, source: str) -> dict[str, Any]:
    """Return a problem for the editor, whose columns count UTF-16 units, from 1."""
    line = LINE_END.split(source)[problem.line - 1] if source else ""
    before = line[: problem.column - 1]
    return {
        "line": problem.line,
        "column": len(before.encode("utf-16-le")) // 2 + 1,
        "message": problem.message,
        "severity": problem.severity,
    }


@cache
def schema_names() -> list[str]:
    """Return the entity types, actions and attributes that policy text may name, sorted."""
    schema = re.sub(r"//[^\n]*", "", queries.agent_schema())
    types = re.findall(r"\bentity (\w+)", schema)
    actions = [
        name
        for group in re.findall(r"\baction ([\w, ]+)", schema)
        for name in re.findall(r"\w+", group)
        if name not in ("in", "appliesTo")
    ]
    attributes = re.findall(r"(\w+)\??:", schema)
    ignored = {"principal", "resource", "context"}
    return sorted({*types, *(f'Action::"{name}"' for name in actions), *attributes} - ignored)
