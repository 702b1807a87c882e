"""What policies do by themselves from time to time."""

from typing import Any

from celery import shared_task

from ..timekeeper import end_due_rollbacks


@shared_task(name="policies.end_due_rollbacks")  # type: ignore[untyped-decorator]
def end_rollbacks(**_later: Any) -> None:
    """Bring back what unconfirmed rollbacks replaced; a second run at once does nothing more."""
    end_due_rollbacks()
