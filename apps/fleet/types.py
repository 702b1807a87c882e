"""Vocabulary of the fleet of Cedar agents."""

from datetime import timedelta
from enum import StrEnum

PROTOCOL = 1
SUBPROTOCOL = "aeterna.agent.v1"
HEARTBEAT = timedelta(seconds=5)
SILENT_AFTER = timedelta(seconds=15)
MAX_FRAME_BYTES = 64 * 1024


class AgentHealth(StrEnum):
    """What the fleet page says of an agent."""

    CURRENT = "current"
    BEHIND = "behind"
    REFUSED = "refused"
    OFFLINE = "offline"
    NEVER = "never"
    REVOKED = "revoked"


class CloseCode(int):
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    REVOKED = 4403
    NO_HELLO = 4408
    REPLACED = 4409
    TOO_LARGE = 4413
    RESTARTING = 1012
    TRY_LATER = 1013
