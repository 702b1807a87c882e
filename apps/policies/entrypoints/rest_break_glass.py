"""The place of break-glasses in the REST interface."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from pydantic import Field, StringConstraints

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Body, ListQuery, PersonRef, Resource, Route, Text, unset
from apps.orgs.checks import TEXT_LENGTH
from apps.orgs.queries import get_root

from .. import queries
from ..glass import MOST_NAMES
from ..models import BreakGlass
from ..operations import end_break_glass, open_break_glass, review_break_glass
from ..types import MAX_BREAK_GLASS_MINUTES, BreakGlassState

Name = Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]
Names = Annotated[list[Name], Field(min_length=1, max_length=MOST_NAMES)]


class BreakGlassIn(Body):
    """Who may do what to what for some minutes, though no policy permits it, and why."""

    principals: Names = Field(description="E-mail addresses of people, ids of agents.")
    actions: Names
    resources: Names = Field(description='Each as Cedar writes it: `Tool::"deploy"`, `Scope::"…"`.')
    reason: Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]
    minutes: Annotated[int, Field(ge=1, le=MAX_BREAK_GLASS_MINUTES)] = unset()


class BreakGlassEndIn(Body):
    """Why it ends before its time."""

    reason: Annotated[Text, StringConstraints(max_length=TEXT_LENGTH)] = unset()


class BreakGlassReviewIn(Body):
    """What another administrator found."""

    note: Annotated[Text, StringConstraints(min_length=1, max_length=TEXT_LENGTH)]


class BreakGlassOut(Resource):
    """What was permitted at once; agents stop by themselves at `ends_at`."""

    id: UUID
    author: PersonRef
    principals: list[str]
    actions: list[str]
    resources: list[str]
    cedar: str
    reason: str
    state: BreakGlassState
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_by: PersonRef | None
    reviewed_at: datetime | None
    reviewed_by: PersonRef | None
    note: str


def list_break_glasses() -> QuerySet[BreakGlass]:
    """List the company's break-glasses, newest first."""
    authorize("policy.view", get_root().as_resource())
    return queries.list_break_glasses()


def get_break_glass(*, glass_id: UUID) -> BreakGlass:
    """Return one break-glass."""
    authorize("policy.view", get_root().as_resource())
    return queries.get_break_glass(glass_id)


ROUTES = (
    Route(
        method="GET", path="break-glasses", name="break_glass.list", call=list_break_glasses,
        query=ListQuery, answers=BreakGlassOut, order=("-id",),
    ),
    Route(
        method="POST", path="break-glasses", name="break_glass.open", call=open_break_glass,
        takes=BreakGlassIn, answers=BreakGlassOut, status=201, located="break-glasses/{id}",
    ),
    Route(
        method="GET", path="break-glasses/<uuid:glass_id>", name="break_glass.view",
        call=get_break_glass, answers=BreakGlassOut,
    ),
    Route(
        method="POST", path="break-glasses/<uuid:glass_id>/end", name="break_glass.end",
        call=end_break_glass, takes=BreakGlassEndIn, answers=BreakGlassOut,
    ),
    Route(
        method="POST", path="break-glasses/<uuid:glass_id>/review", name="break_glass.review",
        call=review_break_glass, takes=BreakGlassReviewIn, answers=BreakGlassOut,
    ),
)  # fmt: skip
