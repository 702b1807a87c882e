"""Entries of an agent's decision log, checked member by member and made fit to store."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .types import LogEntry

MAX_NUMBER = 2**62
MAX_UID = 512
MAX_TEXTS = 100
MAX_TEXT = 1000
DECISIONS = ("Allow", "Deny")
STALENESS = ("fresh", "stale", "expired", "unloaded")


def read_entry(row: Any) -> LogEntry:
    """Return one entry; ValueError names what is wrong with it."""
    if not isinstance(row, dict):
        raise ValueError("not an object")
    return LogEntry(
        sequence=_number(row, "sequence", least=1),
        at=_moment(row),
        revision=_number(row, "revision"),
        principal=_uid(row, "principal"),
        action=_uid(row, "action"),
        resource=_uid(row, "resource"),
        decision=_one_of(row, "decision", DECISIONS),
        staleness=_one_of(row, "staleness", STALENESS),
        context=_clean(_of_type(row, "context", dict)),
        entities=_clean(_of_type(row, "entities", list)),
        reason=_texts(row, "reason"),
        errors=_texts(row, "errors"),
        is_cut=_of_type(row, "is_cut", bool),
    )


def _number(row: Mapping[str, Any], name: str, *, least: int = 0) -> int:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < MAX_NUMBER:
        raise ValueError(f"{name}: not a number from {least}")
    return value


def _moment(row: Mapping[str, Any]) -> datetime:
    value = row.get("at")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9000:
        raise ValueError("at: not a time with its zone")
    # In milliseconds, as cursors of lists hold them.
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def _uid(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_UID:
        raise ValueError(f"{name}: not a text of at most {MAX_UID} characters")
    return _storable(value)


def _one_of(row: Mapping[str, Any], name: str, options: tuple[str, ...]) -> str:
    value = row.get(name)
    if value not in options:
        raise ValueError(f"{name}: choose one of {', '.join(options)}")
    return str(value)


def _of_type(row: Mapping[str, Any], name: str, kind: type) -> Any:
    value = row.get(name)
    if not isinstance(value, kind):
        raise ValueError(f"{name}: not a {kind.__name__}")
    return value


def _texts(row: Mapping[str, Any], name: str) -> list[str]:
    values = _of_type(row, name, list)
    if len(values) > MAX_TEXTS or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name}: not a list of at most {MAX_TEXTS} texts")
    return [_storable(value)[:MAX_TEXT] for value in values]


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {_storable(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")
    return _storable(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    # Postgres takes neither NUL nor half of a surrogate pair.
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
