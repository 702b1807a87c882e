"""What one running agent consists of."""

from dataclasses import dataclass

from aeterna_cedar_agent.applier import Applier
from aeterna_cedar_agent.engine import Engine
from aeterna_cedar_agent.journal import Journal
from aeterna_cedar_agent.lease import Leases
from aeterna_cedar_agent.status import Status
from aeterna_cedar_agent.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Made once by the service; the link writes, the HTTP interface reads."""

    engine: Engine
    applier: Applier
    journal: Journal
    leases: Leases
    status: Status
    trust: Trust
