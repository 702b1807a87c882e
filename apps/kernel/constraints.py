"""Database constraints told to the caller as domain errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from .errors import Conflict, Stale


@contextmanager
def conflicts(messages: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Turn a violated constraint into Conflict; `messages` maps its name to (field, message)."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        if name not in messages:
            raise
        field, message = messages[name]
        raise Conflict(message, fields={field: [message]}) from error


def require_version(actual: int, expected: int | None) -> None:
    """Raise Stale unless the caller saw the present version; None means the caller waives it."""
    if expected is not None and expected != actual:
        raise Stale(f"You saw version {expected}; it is now version {actual}. Read it again.")
