"""What one running agent consists of."""

from dataclasses import dataclass
from typing import Protocol

from aeterna_cedar_agent.applier import Applier
from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.journal import Journal
from aeterna_cedar_agent.lease import Leases
from aeterna_cedar_agent.standalone.writer import Writer
from aeterna_cedar_agent.standing import Standing
from aeterna_cedar_agent.status import Status
from aeterna_cedar_agent.trust import Trust


class StartError(Exception):
    """What keeps an agent from starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of an agent that follows a portal; the link writes, the HTTP interface reads."""

    engine: Engine
    applier: Applier
    journal: Journal
    leases: Leases
    status: Status
    trust: Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the HTTP interface answers from, whoever says what is served.

    Only where callers do, there is a `writer`; only a portal has keys and wants a decision log.
    """

    engine: Engine
    status: Status
    standing: Standing
    journal: Journal | None = None
    trust: Trust | None = None
    writer: Writer | None = None


class Source(Protocol):
    """Who says what is served: a portal, or the callers."""

    serving: Serving

    async def open(self) -> None:
        """Serve what an earlier run kept; raises StartError where the agent must not start."""

    async def follow(self) -> None:
        """Go on until cancelled; where it ends by itself, something is wrong."""

    def close(self) -> None:
        """Write what is not written yet, and end."""
