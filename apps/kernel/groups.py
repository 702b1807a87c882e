"""Names of channel groups: always with the tenant, never joined from parts a caller chose."""

import re
from uuid import UUID

from .errors import ProgrammingError


def group(tenant_id: UUID, topic: str) -> str:
    """Return the channel group of `topic` in a tenant; topics are fixed words of the code."""
    if not re.fullmatch(r"[a-z][a-z_]{0,30}", topic):
        raise ProgrammingError(f"{topic!r} is not a topic")
    return f"aeterna.{tenant_id.hex}.{topic}"
