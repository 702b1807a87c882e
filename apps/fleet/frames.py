"""Frames that agents send, checked field by field before anything acts on them."""

import json
import re
from dataclasses import dataclass
from typing import Any

from .log_entries import read_entry
from .types import MAX_ENTRIES, PROTOCOL, LogEntry

STAGES = ("verify", "parse", "validate", "expect", "persist")
MAX_REVISION = 2**62
MAX_TEXT = 1000
MAX_NONCE = 64
LOG = re.compile(r"[0-9a-f]{32}")


class BadFrame(Exception):
    """A frame breaks the protocol; the message names the field."""


@dataclass(frozen=True, slots=True)
class Hello:
    agent_version: str
    cedar_version: str
    revision: int
    digest: str | None
    deltas: bool = False


@dataclass(frozen=True, slots=True)
class Resync:
    """The agent cannot use the delta it was sent: it wants the whole."""


@dataclass(frozen=True, slots=True)
class Ack:
    revision: int
    digest: str
    applied_ms: float


@dataclass(frozen=True, slots=True)
class Nack:
    revision: int
    digest: str
    stage: str
    policy: str | None
    error: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    revision: int
    digest: str | None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    log: str
    dropped: int
    entries: list[LogEntry]


Frame = Hello | Resync | Ack | Nack | Heartbeat | Decisions


def parse_frame(text: str | None) -> Frame:
    """Return the frame in `text`; raise BadFrame naming what is wrong."""
    if text is None:
        raise BadFrame("frames are text")
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadFrame("the frame is not JSON") from error
    if not isinstance(data, dict):
        raise BadFrame("the frame is not an object")
    parse = PARSERS.get(data.get("type") if isinstance(data.get("type"), str) else None)
    if parse is None:
        raise BadFrame("type: unknown")
    frame: Frame = parse(data)
    return frame


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _hello(data: dict[str, Any]) -> Hello:
    if data.get("protocol") != PROTOCOL:
        raise BadFrame(f"protocol: this portal speaks {PROTOCOL}")
    return Hello(
        agent_version=_text(data, "agent_version", 40),
        cedar_version=_text(data, "cedar_version", 40),
        revision=_revision(data),
        digest=_digest(data, optional=True),
        deltas=data.get("deltas") is True,
    )


def _resync(_data: dict[str, Any]) -> Resync:
    return Resync()


def _ack(data: dict[str, Any]) -> Ack:
    applied = data.get("applied_ms")
    if isinstance(applied, bool) or not isinstance(applied, int | float) or not 0 <= applied < 1e9:
        raise BadFrame("applied_ms: not a duration")
    return Ack(revision=_revision(data), digest=_digest(data) or "", applied_ms=float(applied))


def _nack(data: dict[str, Any]) -> Nack:
    if data.get("stage") not in STAGES:
        raise BadFrame(f"stage: choose one of {', '.join(STAGES)}")
    policy = data.get("policy")
    return Nack(
        revision=_revision(data),
        digest=_digest(data) or "",
        stage=data["stage"],
        policy=None if policy is None else _text(data, "policy", 100),
        error=_text(data, "error", MAX_TEXT),
    )


def _heartbeat(data: dict[str, Any]) -> Heartbeat:
    nonce = None if data.get("nonce") is None else _text(data, "nonce", MAX_NONCE + 1)
    if nonce is not None and len(nonce) > MAX_NONCE:
        raise BadFrame(f"nonce: more than {MAX_NONCE} characters")
    return Heartbeat(revision=_revision(data), digest=_digest(data, optional=True), nonce=nonce)


def _decisions(data: dict[str, Any]) -> Decisions:
    rows = data.get("entries")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ENTRIES:
        raise BadFrame(f"entries: from 1 to {MAX_ENTRIES}")
    log = _text(data, "log", 33)
    if not LOG.fullmatch(log):
        raise BadFrame("log: not 32 hexadecimal digits")
    entries = [_entry(row, place) for place, row in enumerate(rows)]
    return Decisions(log=log, dropped=_number(data, "dropped"), entries=entries)


def _entry(row: Any, place: int) -> LogEntry:
    try:
        return read_entry(row)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"entries[{place}]: {error}") from error


def _number(data: dict[str, Any], field: str) -> int:
    value = data.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_REVISION:
        raise BadFrame(f"{field}: not a number from 0")
    return value


def _text(data: dict[str, Any], field: str, limit: int) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not value or "\x00" in value:
        raise BadFrame(f"{field}: not a text")
    return value[:limit]


def _revision(data: dict[str, Any]) -> int:
    value = data.get("revision")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_REVISION:
        raise BadFrame("revision: not a revision number")
    return value


def _digest(data: dict[str, Any], *, optional: bool = False) -> str | None:
    value = data.get("digest")
    if value is None and optional:
        return None
    if not isinstance(value, str) or not value.startswith("sha256:") or len(value) != 71:
        raise BadFrame("digest: not a sha256 digest")
    return value


PARSERS: dict[str | None, Any] = {
    "hello": _hello,
    "resync": _resync,
    "ack": _ack,
    "nack": _nack,
    "heartbeat": _heartbeat,
    "decisions": _decisions,
}
