"""What proposals do by themselves from time to time."""

from typing import Any

from celery import shared_task

from ..timekeeper import tick


@shared_task(name="proposals.tick")  # type: ignore[untyped-decorator]
def advance_waiting_proposals(**_later: Any) -> None:
    """Remind, escalate and expire what is due; a second run at the same time does nothing more."""
    tick()
