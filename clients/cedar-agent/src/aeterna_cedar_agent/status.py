"""What the agent knows about its own link, written by the link and read by the HTTP server."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_ERROR = 2_000


@dataclass(slots=True, kw_only=True)
class Status:
    """Live facts of this process; counters only ever grow."""

    portal: str | None
    name: str | None = None
    agent: str | None = None
    tenant: str | None = None
    connected: bool = False
    last_sync_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    portal_revision: int | None = None
    portal_digest: str | None = None
    connections: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    applies: Counter[str] = field(default_factory=Counter)
    logged: int = 0
    dropped: int = 0

    def synced(self) -> None:
        """Note that the portal and this agent agree as of now."""
        self.last_sync_at = datetime.now(UTC)

    def failed(self, error: str) -> None:
        """Keep the latest error, short enough to show."""
        self.last_error = clip(error)
        self.last_error_at = datetime.now(UTC)

    def disconnected(self) -> None:
        """Note that the connection ended."""
        self.connected = False

    def heard_head(self, *, revision: int, digest: str | None) -> None:
        """Note the newest revision the portal says there is."""
        self.portal_revision = revision
        self.portal_digest = digest


def clip(text: str, *, length: int = MAX_ERROR) -> str:
    """Return text cut to a length, without characters that UTF-8 or a database refuses."""
    clean = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return clean if len(clean) <= length else clean[: length - 1] + "…"
