"""Vocabulary of the fleet of Cedar agents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

PROTOCOL = 1
SUBPROTOCOL = "aeterna.agent.v1"
HEARTBEAT = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=15)
MAX_FRAME_BYTES = 64 * 1024
MAX_ENTRIES = 500
DEFAULT_LEASE_SECONDS = 30
DEFAULT_LIMIT_SECONDS = 60
DEFAULT_OFFLINE_HOURS = 24
DEFAULT_OUT_OF_DATE_SECONDS = 60
MIN_OUT_OF_DATE_SECONDS = 5
# A lease shorter than two heartbeats would lapse by one that is late.
MIN_LEASE_SECONDS = 10
MAX_LIMIT_SECONDS = 24 * 60 * 60
MAX_OFFLINE_HOURS = 30 * 24
MAX_NAMED_ACTIONS = 100
DEFAULT_SAMPLE_PERCENT = 100.0
DEFAULT_KEEP_DAYS = 90
MAX_KEEP_DAYS = 3650


class AgentProtocol(StrEnum):
    """What an agent speaks, chosen when it is enrolled."""

    AETERNA = "aeterna"
    OPAL = "opal"


class OpalPart(StrEnum):
    """What an OPAL client takes by itself: a revision is whole only with both."""

    POLICIES = "policies"
    ENTITIES = "entities"


class AgentHealth(StrEnum):
    """What the fleet page says of an agent."""

    CURRENT = "current"
    BEHIND = "behind"
    REFUSED = "refused"
    OFFLINE = "offline"
    NEVER = "never"
    REVOKED = "revoked"


class Staleness(StrEnum):
    """How fresh the policies are that an agent decides by, as its decisions say too.

    An OPAL client's do not say: unknown.
    """

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    UNLOADED = "unloaded"
    UNKNOWN = "unknown"


HISTORY: Mapping[str, tuple[str, ...]] = {
    "revisions": ("cedar_agent.acknowledged", "cedar_agent.refused"),
    "connections": (
        "cedar_agent.connected",
        "cedar_agent.disconnected",
        "agent.out_of_date",
        "agent.up_to_date",
    ),
    "changes": (
        "cedar_agent.enrolled",
        "cedar_agent.updated",
        "cedar_agent.rotated",
        "cedar_agent.revoked",
    ),
}
"""The events of an agent's history by what they are about; what it decided is a log of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One decision as an agent told it; `at` is an RFC 3339 time in milliseconds."""

    sequence: int
    at: datetime
    revision: int
    principal: str
    action: str
    resource: str
    decision: str
    staleness: str
    context: dict[str, Any] = field(default_factory=dict)
    entities: list[Any] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_cut: bool = False


class CloseCode(int):
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    REVOKED = 4403
    NO_HELLO = 4408
    REPLACED = 4409
    TOO_LARGE = 4413
    RESTARTING = 1012
    TRY_LATER = 1013


class Applied(NamedTuple):
    """One agent's word that it enforces a revision; `connection` None stands for its newest."""

    agent_id: UUID
    applied_ms: float | None
    connection: str | None = None


class Beat(NamedTuple):
    """One agent's heartbeat: what it enforces, and the nonce that a lease is to name."""

    agent_id: UUID
    connection: str
    revision: int
    digest: str | None
    nonce: str | None


class RecordedRequest(NamedTuple):
    """One recorded decision with its request; context and entities as JSON text."""

    id: UUID
    decided_at: datetime
    principal: str
    action: str
    resource: str
    context: str
    entities: str
    decision: str
    is_cut: bool
    agent: str


class Place(NamedTuple):
    """Where a decision stands in the order in which decisions arrived."""

    recorded_at: datetime
    id: UUID


class Arrival(NamedTuple):
    """A recorded request with the moment at which the portal recorded it."""

    recorded_at: datetime
    request: RecordedRequest

    @property
    def place(self) -> Place:
        return Place(self.recorded_at, self.request.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the decision log can tell of a period, and what it cannot.

    `dropped` is what the agents' logs lost in all; sampling and masking are as the rules are now.
    """

    recorded: int
    first_at: datetime | None
    dropped: int
    sample_percent: float
    masked: tuple[str, ...]
    keep_days: int
