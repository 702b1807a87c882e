"""The place of shadows in the REST interface."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Body, ListQuery, PersonRef, Resource, Route, unset
from apps.policies.entrypoints.impact import ImpactQuery

from ..operations import start_shadow, stop_shadow
from ..types import MOST_SHADOW_HOURS, ShadowState
from .rest_replays import FindingsOut
from .shadow import list_shadows, view_shadow


class ShadowIn(Body):
    """How many hours a proposal is to be in shadow."""

    hours: int = unset(ge=1, le=MOST_SHADOW_HOURS)


class ShadowBriefOut(Resource):
    """A time in which one content of a proposal is in shadow: decided by, but not enforced."""

    id: UUID
    proposal_id: UUID
    author: PersonRef
    state: ShadowState
    hours: int
    started_at: datetime
    until: datetime
    digest: str = Field(description="The content of the proposal that is in shadow.")
    revision: int = Field(description="The revision in force when it last judged; 0 before that.")
    done: int = Field(description="How many decisions were judged.")
    ending: str = Field(description="Why it ended, in words; empty while it runs.")
    ended_at: datetime | None


class ShadowOut(ShadowBriefOut, FindingsOut):
    """A shadow with what it found so far."""

    early: int = Field(description="How many were left out: decided before it began, told later.")


ROUTES = (
    Route(
        method="POST", path="proposals/<uuid:proposal_id>/shadows", name="proposal.shadow",
        call=start_shadow, takes=ShadowIn, answers=ShadowBriefOut, status=201,
        located="shadows/{id}",
    ),
    Route(
        method="GET", path="proposals/<uuid:proposal_id>/shadows", name="proposal.shadows",
        call=list_shadows, query=ListQuery, answers=ShadowBriefOut, order=("-id",),
    ),
    Route(
        method="GET", path="shadows/<uuid:shadow_id>", name="shadow.view", call=view_shadow,
        query=ImpactQuery, answers=ShadowOut,
    ),
    Route(
        method="POST", path="shadows/<uuid:shadow_id>/stop", name="proposal.stop_shadow",
        call=stop_shadow, answers=ShadowBriefOut,
    ),
)  # fmt: skip
