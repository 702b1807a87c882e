"""The fleet as REST tells and takes it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Body, Flag, Line, ListQuery, Resource

from ..types import AgentHealth


class CedarAgentOut(Resource):
    """A policy decision point, and how it stands against the newest revision."""

    id: UUID
    name: str
    token_tail: str = Field(description="The last characters of its token.")
    health: AgentHealth
    lag: int = Field(description="How many revisions it is behind.")
    revision: int
    digest: str | None
    agent_version: str
    cedar_version: str
    created_at: datetime
    revoked_at: datetime | None
    connected_at: datetime | None
    last_heartbeat_at: datetime | None
    acknowledged_at: datetime | None
    refused_revision: int | None
    refusal: str


class EnrolledOut(CedarAgentOut):
    """A Cedar agent with its token, which is told only this once."""

    token: str | None = Field(description="Null in the replay of an earlier answer.")


class CedarAgentFilter(ListQuery):
    include_revoked: Flag = False


class EnrollIn(Body):
    """A Cedar agent to enroll."""

    name: Line


class AcknowledgementOut(Resource):
    """One agent's answer to one revision."""

    id: UUID
    revision: int
    is_accepted: bool
    stage: str
    error: str
    applied_ms: float | None
    at: datetime
