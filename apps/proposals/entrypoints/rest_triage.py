"""The place of deciding about many proposals at once in the REST interface."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import Body, Later, Resource, Route, Text, unset
from apps.kernel.tenancy import current_actor

from ..triage import MOST, Item, Result, Verb, clean_triage, triage
from ..types import REASON_LENGTH


class ItemIn(Body):
    """A proposal, and the version of it that was read: another one is refused."""

    id: UUID
    version: int = unset(ge=1, le=2**31 - 1)


class TriageIn(Body):
    """What to do with each of these; a rejection needs a reason, a reminder has none."""

    verb: Verb
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST)]
    reason: Annotated[Text, StringConstraints(max_length=REASON_LENGTH)] = unset()


class ResultOut(Resource):
    """What became of one proposal: its state, or the problem that kept it as it was."""

    id: UUID
    is_done: bool
    state: str = Field(description="The state it is in now; empty where nothing was done.")
    words: str
    problem: dict[str, Any] | None = Field(description="A problem document, as RFC 9457 has it.")


class TriageOut(Resource):
    """What became of each proposal, in the order they were named."""

    results: list[ResultOut]


def decide_many(*, verb: Verb, items: Sequence[ItemIn], reason: str = "") -> Later:
    """Approve, reject or remind of several proposals, each by itself: some may fail."""
    wanted = [Item(item.id, getattr(item, "version", None)) for item in items]
    clean_triage(verb=verb, items=wanted, reason=reason)
    actor = current_actor()

    def work() -> dict[str, Any]:
        found = triage(actor=actor, verb=verb, items=wanted, reason=reason)
        return {"results": [_told(result, actor.request_id) for result in found]}

    return Later(work)


def _told(result: Result, request_id: str) -> dict[str, Any]:
    error = result.error
    problem = None
    if error is not None:
        problem = {
            "type": f"urn:aeterna:problem:{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "code": error.code,
            "fields": error.fields,
            "request_id": request_id,
            **error.extra(),
        }
    return {
        "id": result.id,
        "is_done": result.is_done,
        "state": result.state,
        "words": result.words,
        "problem": problem,
    }


ROUTES = (
    Route(
        method="POST", path="proposals/bulk", name="proposal.bulk", call=decide_many,
        takes=TriageIn, answers=TriageOut,
    ),
)  # fmt: skip
