"""The only place that reads the time, so that tests and the demo can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """Return the current time, time zone aware, or the one set by `at`."""
    return _fixed.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `now` answer `moment` inside the block; `moment` must be time zone aware."""
    if timezone.is_naive(moment):
        raise ValueError("the clock needs a time zone aware datetime")
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
