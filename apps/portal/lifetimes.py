"""For how long a token may be made."""

from datetime import datetime, timedelta

from apps.kernel import clock

LIFETIMES = {"1": "a day", "7": "a week", "30": "30 days", "90": "90 days", "365": "a year"}


def from_now(days: int) -> datetime:
    """Return the moment `days` ahead, time zone aware."""
    return clock.now() + timedelta(days=days)
