"""Checking Cedar text against the company's schema."""

from dataclasses import replace
from functools import cache

import cedarpy

from apps.kernel.errors import Invalid

from . import queries
from .locate import locate_errors
from .types import MAX_CEDAR_CHARACTERS, Problem
from .words import Names, suggest


@cache
def parsed_agent_schema() -> cedarpy.Schema:
    """Return the parsed schema that the company's policies are written against."""
    return cedarpy.Schema.from_str(queries.agent_schema())


@cache
def agent_names() -> Names:
    """Return the names that policy text may use, as the schema that agents enforce has them."""
    return Names.of_schema(queries.agent_schema())


def find_problems(cedar: str) -> list[Problem]:
    """Return what is wrong with `cedar`, each with line and column; empty if it is valid."""
    if not cedar.strip():
        return [Problem(line=1, column=1, message="Write at least one policy statement.")]
    if len(cedar) > MAX_CEDAR_CHARACTERS:
        message = f"At most {MAX_CEDAR_CHARACTERS} characters; these are {len(cedar)}."
        return [Problem(line=1, column=1, message=message)]
    found = locate_errors(cedar, parsed_agent_schema())
    return [replace(one, suggestion=suggest(one.message, agent_names())) for one in found]


def require_valid(cedar: str) -> str:
    """Return `cedar` with one newline at its end; Invalid, naming line and column, if wrong."""
    problems = find_problems(cedar)
    if problems:
        lines = [
            " ".join(filter(None, (f"line {p.line}, column {p.column}: {p.message}", p.suggestion)))
            for p in problems
        ]
        raise Invalid("The Cedar text is not valid.", fields={"cedar": lines})
    return cedar.strip() + "\n"
