"""How the fleet's pages say why a revision was published and how an agent stands."""

import re
from collections.abc import Mapping

from ..types import AgentHealth

HEALTH: Mapping[str, str] = {
    AgentHealth.CURRENT: "Up to date",
    AgentHealth.BEHIND: "Behind",
    AgentHealth.REFUSED: "Refused",
    AgentHealth.OFFLINE: "Offline",
    AgentHealth.NEVER: "Never connected",
    AgentHealth.REVOKED: "Revoked",
}


def why(reason: str) -> str:
    """Return a revision's reason as people say it; an event's name loses its dot."""
    is_event = re.fullmatch(r"[a-z_]+\.[a-z_]+", reason)
    return re.sub(r"[._]", " ", reason).capitalize() if is_event else reason
