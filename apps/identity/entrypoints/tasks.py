"""What identity does by itself from time to time."""

from typing import Any

from celery import shared_task

from ..sessions import SessionStore


@shared_task(name="identity.end_expired_sessions")  # type: ignore[untyped-decorator]
def end_expired_sessions(**_later: Any) -> None:
    """Delete the rows of sessions that have ended by themselves; nobody can use them any more."""
    SessionStore.clear_expired()
