"""The place of replays in the REST interface."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Body, ListQuery, PersonRef, Resource, Route, unset
from apps.policies.entrypoints.impact import ImpactQuery

from ..operations import cancel_replay, replay_proposal
from ..types import MOST_REPLAY_DAYS, ReplayState
from .replay import list_replays, view_replay


class ReplayIn(Body):
    """How many of the last days to replay."""

    days: int = unset(ge=1, le=MOST_REPLAY_DAYS)


class ReplayBriefOut(Resource):
    """A replay of recorded decisions against one content of a proposal."""

    id: UUID
    proposal_id: UUID
    author: PersonRef
    state: ReplayState
    days: int
    since: datetime
    until: datetime
    digest: str = Field(description="The content of the proposal that was replayed.")
    revision: int = Field(description="The revision in force when it began; 0 before the first.")
    total: int = Field(description="How many decisions are to be replayed.")
    done: int
    failure: str
    requested_at: datetime
    ended_at: datetime | None


class ReplayShareOut(Resource):
    """How many decisions by one, or about one, would be different."""

    name: str
    allowed: int
    denied: int


class NotReplayedOut(Resource):
    """Why, and how many, decisions could not be decided again."""

    reason: str
    words: str
    count: int


class CoverageOut(Resource):
    """What the decision log held of the period, and what is known to be missing."""

    recorded: int
    first_at: datetime | None
    dropped: int = Field(description="How many the agents' logs lost in all, at any time.")
    sample_percent: float = Field(description="Of a hundred decisions, how many are logged now.")
    masked: list[str] = Field(description="Members that agents mask now.")
    keep_days: int


class ReplayLineOut(Resource):
    """Decisions that would be different, with the newest of them as the example."""

    outcome: str = Field(description="newly_allowed or newly_denied")
    principal: str
    action: str
    resource: str
    agent: str
    count: int
    decision_id: UUID
    decided_at: datetime
    recorded: str = Field(description="What was decided then: Allow or Deny.")


class FindingsOut(Resource):
    """What would be different, and what could not be decided again."""

    counts: dict[str, int]
    not_replayed: list[NotReplayedOut]
    coverage: CoverageOut | None
    by_principal: list[ReplayShareOut]
    by_action: list[ReplayShareOut]
    by_resource: list[ReplayShareOut]
    by_agent: list[ReplayShareOut]
    beyond: int = Field(description="How many different decisions are in no line.")
    lines_total: int
    offset: int
    lines: list[ReplayLineOut]


class ReplayOut(ReplayBriefOut, FindingsOut):
    """A replay with what it found; counts and lines are empty until it is done."""

    outdated: str = Field(description="What changed since, in words; empty if nothing did.")


ROUTES = (
    Route(
        method="POST", path="proposals/<uuid:proposal_id>/replays", name="proposal.replay",
        call=replay_proposal, takes=ReplayIn, answers=ReplayBriefOut, status=201,
        located="replays/{id}",
    ),
    Route(
        method="GET", path="proposals/<uuid:proposal_id>/replays", name="proposal.replays",
        call=list_replays, query=ListQuery, answers=ReplayBriefOut, order=("-id",),
    ),
    Route(
        method="GET", path="replays/<uuid:replay_id>", name="replay.view", call=view_replay,
        query=ImpactQuery, answers=ReplayOut,
    ),
    Route(
        method="POST", path="replays/<uuid:replay_id>/cancel", name="proposal.cancel_replay",
        call=cancel_replay, answers=ReplayBriefOut,
    ),
)  # fmt: skip
