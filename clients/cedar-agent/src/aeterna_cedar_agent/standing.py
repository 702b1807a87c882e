"""Whether what is served may be relied on, as the HTTP interface asks it."""

from typing import Protocol

from aeterna_cedar_agent.lease import Staleness


class Standing(Protocol):
    """Tells how a decision stands, and whether it is made at all; a lease does."""

    def staleness(self, *, held: int, action: str = "") -> Staleness:
        """Tell how a decision about `action` on revision `held` stands now."""

    def may_decide(self, staleness: Staleness, *, action: str) -> bool:
        """Tell whether a decision of this staleness is made by the policies at all."""

    @property
    def seconds_left(self) -> float | None:
        """Seconds until everything is expired, None where nothing ever is."""


class Ungoverned:
    """Where callers write, what they wrote last is always what they want."""

    seconds_left: float | None = None

    def staleness(self, *, held: int, action: str = "") -> Staleness:
        """Tell that it is fresh."""
        return Staleness.FRESH

    def may_decide(self, staleness: Staleness, *, action: str) -> bool:
        """Tell that it is made."""
        return True
