"""The place of intents in the REST interface: what somebody wants, in words, as a draft."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import Body, Line, Resource, Route, Text, unset

from ..intents import Ambiguous, Contradictory, NotUnderstood, Outcome
from ..intents.types import MAX_INTENT_CHARACTERS
from ..translating import Translation, translate_intent
from .serializers import ExplanationOut

Intent = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_INTENT_CHARACTERS)]
Answers = Annotated[dict[Line, Line], Field(max_length=20)]


class IntentIn(Body):
    """What is wanted, in words; `answers` are those to earlier questions, by their keys."""

    scope_id: UUID
    intent: Intent
    answers: Answers = unset()


class IntentChoiceOut(Resource):
    """One answer to a question: what to send back, and what it says."""

    value: str
    label: str


class IntentDraftOut(Resource):
    """A policy as drafting takes it."""

    scope_id: UUID
    name: str
    description: str
    severity: str
    mode: str
    cedar: str
    rules: list[dict[str, Any]]


class TranslationOut(Resource):
    """What an intent means: a draft with its words, a question with choices, or why not.

    `key` is where an answer to the question goes; `answers` are those that it took so far.
    While a model is asked the outcome is `waiting`: send the same again.
    """

    outcome: Literal["understood", "ambiguous", "contradictory", "not_understood", "waiting"]
    key: str
    question: str
    choices: list[IntentChoiceOut]
    answers: dict[str, str]
    part: str
    reason: str
    notes: list[str]
    draft: IntentDraftOut | None
    explanation: ExplanationOut | None


OUTCOMES = {
    "Understood": "understood",
    "Ambiguous": "ambiguous",
    "Contradictory": "contradictory",
    "NotUnderstood": "not_understood",
    "Waiting": "waiting",
}


def translate(
    *, scope_id: UUID, intent: str, answers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Return what an intent means at a scope: a draft, a question or why not; saves nothing."""
    return _told(translate_intent(scope_id=scope_id, intent=intent, answers=answers))


def _told(translation: Translation) -> Mapping[str, Any]:
    outcome = translation.outcome
    told: dict[str, Any] = {
        "outcome": OUTCOMES[type(outcome).__name__],
        "key": "", "question": "", "choices": (), "part": "",
        "answers": dict(getattr(outcome, "answers", {})),
        "reason": "", "notes": getattr(outcome, "notes", ()), "draft": None,
        "explanation": translation.explanation,
    }  # fmt: skip
    if isinstance(outcome, Ambiguous):
        told |= {"key": outcome.key, "question": outcome.question, "choices": outcome.choices}
    return told | _why_not(outcome) | _draft(translation)


def _why_not(outcome: Outcome) -> dict[str, str]:
    if isinstance(outcome, NotUnderstood):
        return {"part": outcome.part, "reason": outcome.reason}
    return {"reason": outcome.reason} if isinstance(outcome, Contradictory) else {}


def _draft(translation: Translation) -> dict[str, Any]:
    draft = translation.draft
    if draft is None:
        return {}
    names = ("name", "description", "severity", "mode", "cedar")
    said = {name: getattr(draft, name) for name in names}
    rules = [dict(rule) for rule in draft.rules]
    return {"draft": {**said, "rules": rules, "scope_id": translation.scope.id}}


ROUTES = (
    Route(
        method="POST", path="policies/translate", name="policy.translate", call=translate,
        takes=IntentIn, answers=TranslationOut,
    ),
)  # fmt: skip
