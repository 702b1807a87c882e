"""What notifications do about events: letters go out soon, and again when that is asked."""

from apps.events.subscriptions import on
from apps.events.types import Happened
from apps.kernel.background import run_soon

from .operations.letters import revive

SEND = "notifications.send_letters"


@on("notification.sent", "notification.digested")
def send_soon(_happened: Happened) -> None:
    """Have a worker send what was written for e-mail."""
    run_soon(SEND)


@on()
def send_again(happened: Happened) -> None:
    """Try the dead letters about an event again: this is what replaying them runs."""
    revive(happened.id)
    run_soon(SEND)
