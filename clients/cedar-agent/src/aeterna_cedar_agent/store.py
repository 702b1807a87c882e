"""The last good revisions on disk, written so that no crash can leave neither readable."""

import contextlib
import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aeterna_cedar_agent.digest import digest_bytes
from aeterna_cedar_agent.durable import sync_directory, write_durably
from aeterna_cedar_agent.revision import Revision, read_revision
from aeterna_cedar_agent.shape import need_object, take_text
from aeterna_cedar_agent.temporary import Temporary, read_kept

FORMAT = 2
CURRENT = "current.revision"
PREVIOUS = "previous.revision"

logger = logging.getLogger(__name__)


class StoreError(Exception):
    """The state directory cannot be used or written."""


class CorruptFileError(Exception):
    """A stored revision that does not match its own digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this agent is, as the portal said when it connected."""

    tenant: str
    agent: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A revision on disk, the identity it was received under, and when its entries end."""

    identity: Identity
    revision: Revision
    temporary: tuple[Temporary, ...] = ()


class Store:
    """One state directory; save and read are safe to call from several threads."""

    def __init__(self, *, directory: Path) -> None:
        self.directory = directory
        self._writing = threading.Lock()
        self._lock_fd: int | None = None

    def open(self) -> None:
        """Create the directory, readable by its owner only, and lock it against a second agent.

        Raises StoreError where that fails or another process holds the lock.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock_fd = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"state directory {self.directory}: {error.strerror}") from error
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock_fd)
            raise StoreError(f"another agent is using {self.directory}") from error
        self._lock_fd = lock_fd

    def close(self) -> None:
        """Release the lock; safe to call twice."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def save(self, stored: Stored) -> None:
        """Make this the current revision and keep the one before; raises StoreError.

        After a failure or a crash at any point, the newest complete revision is still there.
        """
        content = _encode(stored)
        current, fresh = self.directory / CURRENT, self.directory / "incoming.tmp"
        try:
            with self._writing:
                write_durably(fresh, content=content)
                if _is_sound(current):
                    os.replace(current, self.directory / PREVIOUS)
                os.replace(fresh, current)
                sync_directory(self.directory)
        except OSError as error:
            raise StoreError(f"state directory {self.directory}: {error.strerror}") from error

    def is_empty(self) -> bool:
        """Tell whether no revision was ever stored here, sound or not."""
        return not any((self.directory / name).exists() for name in (CURRENT, PREVIOUS))

    def candidates(self) -> Iterator[Stored]:
        """Yield the readable stored revisions, newest first, and log each unreadable one."""
        for name in (CURRENT, PREVIOUS):
            path = self.directory / name
            try:
                yield read_file(path)
            except FileNotFoundError:
                continue
            except (CorruptFileError, OSError) as error:
                logger.error(
                    "stored revision unusable", extra={"file": str(path), "error": str(error)}
                )


def read_file(path: Path) -> Stored:
    """Read one stored revision; raises CorruptFileError, or OSError where it cannot be read."""
    payload = _payload(path.read_bytes())
    try:
        source = need_object(json.loads(payload), field="file")
        if source.get("format") != FORMAT:
            raise CorruptFileError(f"format {source.get('format')!r} is not {FORMAT}")
        stored = Stored(
            identity=_identity(source),
            revision=read_revision(source),
            temporary=read_kept(source),
        )
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(str(error)) from error
    if stored.revision.computed_digest() != stored.revision.digest:
        raise CorruptFileError("content does not match the revision's digest")
    return stored


def _identity(source: dict[str, Any]) -> Identity:
    return Identity(
        tenant=take_text(source, "tenant"),
        agent=take_text(source, "agent"),
        name=take_text(source, "name", empty=True),
    )


def _encode(stored: Stored) -> bytes:
    # The digest on the first line covers the revision number too, which the content digest
    # leaves out.
    identity = stored.identity
    value = {
        "format": FORMAT,
        "tenant": identity.tenant,
        "agent": identity.agent,
        "name": identity.name,
        "temporary": [item.as_json() for item in stored.temporary],
        **stored.revision.as_json(),
    }
    payload = json.dumps(value, separators=(",", ":")).encode()
    return digest_bytes(payload).encode() + b"\n" + payload


def _payload(content: bytes) -> bytes:
    claimed, _, payload = content.partition(b"\n")
    if claimed != digest_bytes(payload).encode():
        raise CorruptFileError("file does not match its own digest")
    return payload


def _is_sound(path: Path) -> bool:
    with contextlib.suppress(OSError, CorruptFileError):
        _payload(path.read_bytes())
        return True
    return False
