"""What can be said of a question that leaves parts open: a preview, never a decision to act on.

The engine's partial evaluation is experimental upstream. What it decides without the open parts
was compared with whole decisions; what it leaves is the policies with what is known filled in.
"""

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import cedarpy

from aeterna_cedar_agent.engine import Loaded, over, position_of, refusal, with_ids
from aeterna_cedar_agent.question import PartialQuestion, QuestionError
from aeterna_cedar_agent.slicing import Decider
from aeterna_cedar_agent.uids import entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A decision that holds whatever the open parts are, or NoDecision and what is left.

    `residuals` has each policy that may still decide, in Cedar's JSON form, by its statement's id.
    """

    decision: str
    reason: tuple[str, ...]
    errors: tuple[str, ...]
    may_decide: tuple[str, ...] = ()
    residuals: dict[str, Any]
    unknown_entities: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the preview as the HTTP interface writes it."""
        return {
            "decision": self.decision,
            "diagnostics": {"reason": list(self.reason), "errors": list(self.errors)},
            "may_be_determining": list(self.may_decide),
            "residuals": self.residuals,
            "unknown_entities": list(self.unknown_entities),
        }


def preview(question: PartialQuestion, *, loaded: Loaded) -> Preview:
    """Evaluate as far as what is known goes; raises QuestionError where it fits no schema."""
    decider = over(question.entities, decider=loaded.decider)
    policies = loaded.policies
    ids = tuple(itertools.chain.from_iterable(loaded.statements[item.id] for item in policies))
    request = {
        "principal": _text(question.principal),
        "action": _text(question.action),
        "resource": _text(question.resource),
        "context": question.context,
    }
    handle = _handle(tuple(policy.cedar for policy in policies))
    entities = _entities(question, decider=decider)
    answer = cedarpy.is_authorized_partial(request, handle, entities, decider.schema)
    if answer.decision is cedarpy.Decision.NoDecision and not answer.residuals:
        raise refusal(answer.diagnostics.errors)
    return _preview(answer, ids=ids)


def _preview(answer: cedarpy.PartialAuthzResult, *, ids: tuple[str, ...]) -> Preview:
    told = answer.diagnostics
    decided = answer.decision is not cedarpy.Decision.NoDecision
    left = sorted(told.nontrivial_residuals, key=position_of)
    return Preview(
        decision=answer.decision.value,
        reason=_named(told.must_be_determining, ids=ids) if decided else (),
        errors=tuple(with_ids(error, ids=ids) for error in told.errors),
        may_decide=() if decided else _named(told.may_be_determining, ids=ids),
        residuals={} if decided else {ids[position_of(at)]: answer.residuals[at] for at in left},
        unknown_entities=tuple(sorted(told.unknown_entities)),
    )


def _text(uid: dict[str, str] | None) -> str | None:
    # Partial evaluation takes entities only as Cedar writes them itself, escapes included.
    return None if uid is None else entity(uid["type"], uid["id"])


def _named(numbered: list[str], *, ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(ids[position_of(at)] for at in numbered))


def _entities(question: PartialQuestion, *, decider: Decider) -> cedarpy.Entities:
    if question.additional_entities is None:
        return decider.entities
    try:
        return decider.entities.with_added_json_str(question.additional_entities, decider.schema)
    except ValueError as error:
        raise QuestionError(field="additional_entities", problem=str(error)) from error


@functools.lru_cache(maxsize=2)
def _handle(texts: tuple[str, ...]) -> cedarpy.PolicySet:
    # Decisions need no handle of the whole set: it is made for the first preview and kept.
    return cedarpy.PolicySet.from_str("\n".join(texts), release_gil=True)
