"""What the fleet does by itself from time to time."""

from typing import Any

from celery import shared_task

from ..retention import remove_in_every_company
from ..watching import watch_every_company


@shared_task(name="fleet.remove_old_decisions")  # type: ignore[untyped-decorator]
def remove_old_decisions(**_later: Any) -> None:
    """Remove the decisions that each company has kept long enough."""
    remove_in_every_company()


@shared_task(name="fleet.watch_agents")  # type: ignore[untyped-decorator]
def watch_agents(**_later: Any) -> None:
    """Say which agents are out of date and which no longer are, each once."""
    watch_every_company()
