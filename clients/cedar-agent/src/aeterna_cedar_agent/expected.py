"""Decisions the publisher got from a revision: an agent that gets others does not serve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent.engine import Loaded, RefusedError, decide
from aeterna_cedar_agent.question import Question, QuestionError, read_question
from aeterna_cedar_agent.shape import ShapeError, need_list, need_object, take_text
from aeterna_cedar_agent.status import clip

DECISIONS = ("Allow", "Deny")
ASKED = ("principal", "action", "resource", "context", "additional_entities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A question with its decision, and what people call it."""

    name: str
    question: Question
    decision: str


def read_expected(claims: Mapping[str, Any]) -> tuple[Expected, ...]:
    """Return the decisions that a manifest names, or raise ShapeError naming the field."""
    rows = enumerate(need_list(claims.get("expected", []), field="expected"))
    return tuple(_expected(value, field=f"expected[{place}]") for place, value in rows)


def require_expected(expected: Sequence[Expected], *, loaded: Loaded) -> None:
    """Raise RefusedError, stage expect, unless a revision decides so without what is temporary."""
    lasting = loaded.lasting
    for item in expected:
        try:
            found = decide(item.question, loaded=lasting)
        except QuestionError as error:
            raise _refusal(item, f"cannot be asked: {error}") from error
        if found.decision != item.decision:
            raise _refusal(item, f"expected {item.decision}, decided {found.decision}")


def _refusal(item: Expected, problem: str) -> RefusedError:
    return RefusedError(stage="expect", error=f"{clip(item.name, length=120)}: {problem}")


def _expected(value: object, *, field: str) -> Expected:
    row = need_object(value, field=field)
    asked = {key: row[key] for key in ASKED if key in row}
    decision = take_text(row, "decision", within=field)
    if decision not in DECISIONS:
        raise ShapeError(field=f"{field}.decision", problem="must be Allow or Deny")
    return Expected(
        name=take_text(row, "name", within=field),
        question=read_question(asked, within=field),
        decision=decision,
    )
