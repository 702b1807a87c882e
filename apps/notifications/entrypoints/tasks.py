"""Background work of notifications: letters go out, digests are written."""

from typing import Any

from celery import shared_task

from ..postman import send_due_digests, send_due_letters


@shared_task(name="notifications.send_letters")  # type: ignore[untyped-decorator]
def send_letters(**_later: Any) -> None:
    """Send the letters that are due."""
    send_due_letters()


@shared_task(name="notifications.send_digests")  # type: ignore[untyped-decorator]
def send_digests(**_later: Any) -> None:
    """Write the digests that are due, and send them."""
    if send_due_digests():
        send_due_letters()
