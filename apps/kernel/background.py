"""Handing work to the background workers once what it is about is committed."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from .tenancy import APP

logger = logging.getLogger(__name__)


def run_soon(task: str, **arguments: str) -> None:
    """Queue the task of that name when the open transaction commits.

    It may be lost with the broker: every such task is also found by its schedule.
    """
    transaction.on_commit(lambda: _send(task, arguments), using=APP)


def _send(task: str, arguments: dict[str, str]) -> None:
    try:
        current_app.send_task(task, kwargs=arguments, retry=False, ignore_result=True)
    except (OperationalError, OSError):
        logger.warning("background work not queued; its schedule finds it", extra={"task": task})
