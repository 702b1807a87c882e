"""The fleet as REST tells and takes it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import (
    Body,
    Flag,
    Line,
    ListQuery,
    Moment,
    Resource,
    Text,
    optional_query,
    unset,
)

from ..types import AgentHealth, AgentProtocol, Staleness


class CedarAgentOut(Resource):
    """A policy decision point, and how it stands against the newest revision."""

    id: UUID
    name: str
    token_tail: str = Field(description="The last characters of its token.")
    health: AgentHealth
    lag: int = Field(description="How many revisions it is behind.")
    behind_since: datetime | None = Field(
        description="When the first revision it lacks was published; null if it lacks none."
    )
    behind_seconds: int = Field(description="For how long it has lacked it.")
    staleness: Staleness = Field(description="What its decisions say of its policies now.")
    refusals: int = Field(description="How many revisions it refused in all.")
    revision: int
    digest: str | None
    protocol: AgentProtocol = Field(
        description="What it speaks; an OPAL client reports what it saved, not what it enforces."
    )
    works_offline: bool = Field(description="Whether it decides for hours without the portal.")
    agent_version: str
    cedar_version: str
    created_at: datetime
    revoked_at: datetime | None
    connected_at: datetime | None
    last_heartbeat_at: datetime | None
    acknowledged_at: datetime | None
    refused_revision: int | None
    refusal: str
    out_of_date_since: datetime | None = Field(
        description="Since when it has been out of date; null if it is not."
    )


class EnrolledOut(CedarAgentOut):
    """A Cedar agent with its token, which is told only this once."""

    token: str | None = Field(description="Null in the replay of an earlier answer.")


class CedarAgentFilter(ListQuery):
    include_revoked: Flag = False
    name: Annotated[Text, StringConstraints(max_length=120)] = Field(
        default="", description="A part of its name."
    )
    health: AgentHealth | None = optional_query(description="Only those that stand so.")


class EnrollIn(Body):
    """A Cedar agent to enroll."""

    name: Line
    works_offline: bool = unset()
    protocol: AgentProtocol = unset()


class UpdateIn(Body):
    """What may be changed of a Cedar agent."""

    works_offline: bool


class AcknowledgementOut(Resource):
    """One agent's answer to one revision."""

    id: UUID
    revision: int
    is_accepted: bool
    stage: str
    error: str
    applied_ms: float | None
    at: datetime


Uid = Annotated[Text, StringConstraints(max_length=512)]


class DecisionOut(Resource):
    """One decision of an agent: what was asked, what decided, and how fresh its policies were."""

    id: UUID
    agent_id: UUID
    log: str = Field(description="One run of the agent, within which `sequence` counts.")
    sequence: int
    decided_at: datetime
    recorded_at: datetime
    revision: int
    principal: str
    action: str
    resource: str
    context: dict[str, Any]
    request_entities: list[Any]
    decision: Literal["Allow", "Deny"]
    reason: list[str] = Field(description="The determining policies' statements.")
    errors: list[str]
    staleness: Literal["fresh", "stale", "expired", "unloaded"]
    is_cut: bool = Field(description="Whether context and entities were too large to log.")


class DecisionFilter(ListQuery):
    """A whole uid such as `User::"ann"`, or a part of one; a time range excludes its end."""

    principal: Uid = ""
    action: Uid = ""
    resource: Uid = ""
    decision: Literal["Allow", "Deny"] | None = optional_query()
    agent_id: UUID | None = optional_query(description="A Cedar agent.")
    since: Moment | None = optional_query()
    until: Moment | None = optional_query()


class DecisionLogIn(Body):
    """What a company wants of its agents' decision log."""

    sample_percent: float = Field(ge=0, le=100)
    masked: list[Line] = Field(max_length=200)
    keep_days: int = Field(ge=1, le=3650)


class DecisionLogOut(Resource):
    """The rules of the decision log in force."""

    sample_percent: float
    masked: list[str]
    keep_days: int
