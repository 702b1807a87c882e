"""`manage.py relay`: deliver events until told to stop."""

import logging
import signal
import threading
import time
from typing import Any

import redis
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections

from apps.events.nudge import CHANNEL
from apps.events.relay import run_due
from apps.kernel.database_role import require_safe_role
from apps.kernel.hints import client
from apps.kernel.tracing import start_tracing

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0


class Command(BaseCommand):
    """Run due deliveries; wakes on a hint, else polls five times a second."""

    help = "Deliver events to their handlers, at least once, until SIGTERM."

    def handle(self, *_args: Any, **_options: Any) -> None:
        start_tracing(service="aeterna-relay")
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        hints, is_safe = _Hints(), False
        while not stop.is_set():
            try:
                is_safe = is_safe or require_safe_role()
                ran = run_due(should_stop=stop.is_set)
            except (DatabaseError, InterfaceError):
                # Out of reach, starting, or read-only after a failover: it comes back.
                logger.warning("the database does not serve; trying again", exc_info=True)
                close_old_connections()
                stop.wait(RETRY_SECONDS)
            else:
                if not ran:
                    hints.wait()


class _Hints:
    """Waits for a hint or the poll interval, whichever is first; Redis may come and go."""

    def __init__(self) -> None:
        self._subscription: redis.client.PubSub | None = None

    def wait(self) -> None:
        try:
            if self._subscription is None:
                self._subscription = client().pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                )
                self._subscription.subscribe(CHANNEL)
            self._subscription.get_message(timeout=POLL_SECONDS)
        except redis.RedisError:
            self._subscription = None
            time.sleep(POLL_SECONDS)
