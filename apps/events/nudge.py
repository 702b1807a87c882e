"""The hint that wakes the relay at once; losing it costs one poll interval, never an event."""

from django.db import connections, transaction

from apps.kernel.hints import hint
from apps.kernel.tenancy import APP

CHANNEL = "aeterna:outbox"


def nudge_on_commit() -> None:
    """Tell the relay once when the open transaction commits, however many events it leaves."""
    waiting = connections[APP].run_on_commit
    if not any(entry[1] is nudge for entry in waiting):
        transaction.on_commit(nudge, using=APP)


def nudge() -> None:
    """Tell the relay that something is due."""
    hint(CHANNEL, "1")
