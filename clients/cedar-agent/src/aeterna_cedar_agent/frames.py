"""Frames of the agent protocol, version 1: reading the portal's, writing the agent's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aeterna_cedar_agent.delta import Delta, read_delta
from aeterna_cedar_agent.journal import Rules
from aeterna_cedar_agent.revision import Revision, read_revision
from aeterna_cedar_agent.shape import (
    ShapeError,
    need_list,
    need_object,
    need_text,
    take,
    take_text,
    take_whole,
)
from aeterna_cedar_agent.status import clip
from aeterna_cedar_agent.trust import Key

PROTOCOL = 1
SUBPROTOCOL = "aeterna.agent.v1"
MAX_INBOUND_BYTES = 64 * 1024 * 1024
MAX_HEARTBEAT_SECONDS = 3_600
MAX_POLICY_ID = 256


class FrameError(Exception):
    """An inbound frame this agent cannot read."""


class UnknownFrameError(FrameError):
    """A frame of a type this agent does not know: one of a later version."""


class UnreadableSnapshotError(FrameError):
    """A snapshot whose content is malformed but whose revision and digest can be answered."""

    def __init__(self, error: str, *, revision: int, digest: str) -> None:
        super().__init__(error)
        self.revision = revision
        self.digest = digest


class UnreadableDeltaError(FrameError):
    """A delta whose content is malformed: the whole revision can still be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The portal knows this agent and says how often to report."""

    tenant: str
    agent: str
    name: str
    heartbeat_seconds: int
    decision_log: Rules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The company's keys, oldest first; the last one signs now."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpToDate:
    """The agent already holds the newest revision."""

    revision: int
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One whole revision to apply; `is_built` where this agent made it of a delta."""

    revision: Revision
    is_built: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The portal's heartbeat: the newest revision there is, and a signed lease."""

    revision: int
    digest: str | None
    decision_log: Rules | None = None
    lease: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The portal has every entry of this log up to this number."""

    log: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalError:
    """Why the portal is about to close."""

    code: str
    detail: str


Inbound = Welcome | Keys | UpToDate | Snapshot | Delta | Head | Recorded | PortalError


def read_frame(text: str) -> Inbound:
    """Read one inbound frame; raises FrameError, its subclass where a nack can answer it."""
    try:
        source = need_object(json.loads(text), field="frame")
        kind = take_text(source, "type")
    except (ValueError, RecursionError) as error:
        raise FrameError(f"malformed frame: {error}") from error
    reader = _READERS.get(kind)
    if reader is None:
        raise UnknownFrameError(f"unknown frame type {clip(kind, length=100)!r}")
    try:
        return reader(source)
    except ShapeError as error:
        raise _explain(error, kind=kind, source=source) from error


def hello(*, agent_version: str, cedar_version: str, revision: int, digest: str | None) -> str:
    """Write the first frame: which revision this agent already serves."""
    return _write(
        "hello",
        protocol=PROTOCOL,
        agent_version=agent_version,
        cedar_version=cedar_version,
        revision=revision,
        digest=digest,
        deltas=True,
    )


def resync() -> str:
    """Write that the last delta could not be used: the whole revision is wanted."""
    return _write("resync")


def ack(*, revision: int, digest: str, applied_ms: float) -> str:
    """Write that a revision is served and on disk, and the milliseconds that took."""
    return _write("ack", revision=revision, digest=digest, applied_ms=round(applied_ms, 3))


def nack(*, revision: int, digest: str, stage: str, policy: str | None, error: str) -> str:
    """Write that a revision was refused: at which stage, for which policy, and why."""
    named = None if policy is None else clip(policy, length=MAX_POLICY_ID)
    return _write(
        "nack",
        revision=revision,
        digest=clip(digest, length=MAX_POLICY_ID),
        stage=stage,
        policy=named,
        error=clip(error or "no reason given"),
    )


def heartbeat(*, revision: int, digest: str | None, nonce: str) -> str:
    """Write which revision this agent serves now; the portal's lease names the nonce."""
    return _write("heartbeat", revision=revision, digest=digest, nonce=nonce)


def decisions(*, log: str, dropped: int, entries: list[dict[str, Any]]) -> str:
    """Write some entries of the decision log, and how many were dropped in all."""
    return _write("decisions", log=log, dropped=dropped, entries=entries)


def _write(kind: str, **members: object) -> str:
    return json.dumps({"type": kind, **members}, separators=(",", ":"))


def _explain(error: ShapeError, *, kind: str, source: dict[str, Any]) -> FrameError:
    message = clip(f"malformed {kind} frame: {error}")
    if kind == "delta":
        return UnreadableDeltaError(message)
    revision, claimed = source.get("revision"), source.get("digest")
    if kind != "snapshot" or not isinstance(claimed, str):
        return FrameError(message)
    if type(revision) is not int or not 0 <= revision < 2**63:
        return FrameError(message)
    return UnreadableSnapshotError(message, revision=revision, digest=claimed)


def _welcome(source: dict[str, Any]) -> Welcome:
    seconds = take_whole(source, "heartbeat_seconds", least=1)
    return Welcome(
        tenant=take_text(source, "tenant"),
        agent=take_text(source, "agent"),
        name=take_text(source, "name", empty=True),
        heartbeat_seconds=min(seconds, MAX_HEARTBEAT_SECONDS),
        decision_log=_rules(source),
    )


def _keys(source: dict[str, Any]) -> Keys:
    value, field = take(source, "keys")
    rows = need_list(value, field=field)
    return Keys(keys=tuple(_key(row, field=f"keys[{place}]") for place, row in enumerate(rows)))


def _key(value: object, *, field: str) -> Key:
    row = need_object(value, field=field)
    endorsement = row.get("endorsement")
    if endorsement is not None:
        need_text(endorsement, field=f"{field}.endorsement")
    return Key(
        kid=take_text(row, "kid", within=field),
        x=take_text(row, "x", within=field),
        endorsement=endorsement,
    )


def _up_to_date(source: dict[str, Any]) -> UpToDate:
    return UpToDate(revision=take_whole(source, "revision"), digest=_head_digest(source))


def _snapshot(source: dict[str, Any]) -> Snapshot:
    previous, field = take(source, "previous_digest")
    if previous is not None:
        need_text(previous, field=field)
    return Snapshot(revision=read_revision(source))


def _head(source: dict[str, Any]) -> Head:
    revision = take_whole(source, "revision")
    lease = source.get("lease")
    return Head(
        revision=revision,
        digest=_head_digest(source),
        decision_log=_rules(source),
        lease=None if lease is None else need_text(lease, field="lease"),
    )


def _recorded(source: dict[str, Any]) -> Recorded:
    return Recorded(log=take_text(source, "log"), sequence=take_whole(source, "sequence"))


def _rules(source: dict[str, Any]) -> Rules | None:
    if source.get("decision_log") is None:
        return None
    value = need_object(source["decision_log"], field="decision_log")
    percent = value.get("sample_percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise ShapeError(field="decision_log.sample_percent", problem="must be from 0 to 100")
    names = need_list(value.get("masked"), field="decision_log.masked")
    texts = [need_text(name, field="decision_log.masked") for name in names]
    return Rules(sample_percent=percent, masked=frozenset(name.lower() for name in texts))


def _head_digest(source: dict[str, Any]) -> str | None:
    # A tenant that has published nothing has no content to digest.
    if source.get("revision") == 0 and source.get("digest") in (None, ""):
        return None
    return take_text(source, "digest")


def _portal_error(source: dict[str, Any]) -> PortalError:
    return PortalError(
        code=clip(take_text(source, "code"), length=100),
        detail=clip(take_text(source, "detail", empty=True)),
    )


_READERS: dict[str, Callable[[dict[str, Any]], Inbound]] = {
    "welcome": _welcome,
    "keys": _keys,
    "up_to_date": _up_to_date,
    "snapshot": _snapshot,
    "delta": read_delta,
    "heartbeat": _head,
    "recorded": _recorded,
    "error": _portal_error,
}
