"""Decisions on disk until the portal has them: segments of JSON lines under a cap in bytes."""

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEGMENT_BYTES = 1024 * 1024
STATE = "state.json"
SUFFIX = ".jsonl"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some entries of one log in order, and where the next batch begins."""

    log: str
    entries: tuple[dict[str, Any], ...]
    dropped: int
    path: Path
    end: int


class Spool:
    """One directory of segments; every method may be called from any thread.

    Each process writes a log of its own, numbered from 1, so no crash makes a number mean two
    things. What a kill leaves behind is sent before anything newer.
    """

    def __init__(self, *, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._log = f"{time.time_ns():016x}{secrets.token_hex(8)}"
        self._sequence = 0
        self._segment: Path | None = None
        self._sent: tuple[str, int] = ("", 0)
        self.dropped = 0

    def open(self) -> None:
        """Find what an earlier process left; raises OSError where the directory is unusable."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            state = json.loads((self._directory / STATE).read_bytes())
            self._sent = (str(state["segment"]), int(state["end"]))
            self.dropped = int(state["dropped"])
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            # Entries sent already are sent again; the portal knows them by their numbers.
            logger.error("decision log's state unusable", extra={"error": str(error)})

    def append(self, entries: Sequence[dict[str, Any]], *, lost: int = 0) -> None:
        """Write entries with the next numbers; count those that find no room, and `lost`."""
        with self._lock:
            room = self._max_bytes - sum(size for _, size in self._segments())
            lines: list[bytes] = []
            for entry in entries:
                line = _line({"sequence": self._sequence + len(lines) + 1, **entry})
                room -= len(line)
                if room < 0:
                    break
                lines.append(line)
            written = self._write(lines)
            self._sequence += written
            missing = len(entries) - written + lost
            if missing:
                self.dropped += missing
                self._save()

    def read(self, *, max_bytes: int, max_entries: int) -> Batch | None:
        """Return the oldest entries not acknowledged yet, or None where there are none."""
        with self._lock:
            for path, size in self._segments():
                begin = self._sent[1] if path.name == self._sent[0] else 0
                found = self._read(path, begin=begin, max_bytes=max_bytes, limit=max_entries)
                if found is not None:
                    return found
                if path != self._segment or size >= SEGMENT_BYTES:
                    self._remove(path)
            return None

    def acknowledge(self, batch: Batch) -> None:
        """Forget the entries of a batch, durably: the portal has them."""
        with self._lock:
            self._sent = (batch.path.name, batch.end)
            self._save()

    def _read(self, path: Path, *, begin: int, max_bytes: int, limit: int) -> Batch | None:
        with path.open("rb") as file:
            file.seek(begin)
            content = file.read(max_bytes)
        entries: list[dict[str, Any]] = []
        end = begin
        for line in content.splitlines(keepends=True)[:limit]:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            entry = _entry(line)
            if entry is None:
                logger.error("entry of the decision log unreadable", extra={"file": str(path)})
            else:
                entries.append(entry)
        if not entries:
            return None
        log = path.name.split("-")[0]
        return Batch(log=log, entries=tuple(entries), dropped=self.dropped, path=path, end=end)

    def _write(self, lines: list[bytes]) -> int:
        if not lines:
            return 0
        path = self._current()
        try:
            before = path.stat().st_size if path.exists() else 0
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with open(fd, "wb", buffering=0) as file:
                content = b"".join(lines)
                if file.write(content) == len(content):
                    return len(lines)
                file.truncate(before)
        except OSError as error:
            logger.error("decision log not written", extra={"error": error.strerror})
        return 0

    def _current(self) -> Path:
        segment = self._segment
        if segment is None or not segment.exists() or segment.stat().st_size >= SEGMENT_BYTES:
            name = f"{self._log}-{self._sequence + 1:016d}{SUFFIX}"
            segment = self._segment = self._directory / name
        return segment

    def _segments(self) -> list[tuple[Path, int]]:
        found = sorted(self._directory.glob(f"*{SUFFIX}"))
        return [(path, path.stat().st_size) for path in found]

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        if path == self._segment:
            self._segment = None

    def _save(self) -> None:
        segment, end = self._sent
        fresh = self._directory / "state.tmp"
        value = {"segment": segment, "end": end, "dropped": self.dropped}
        try:
            with fresh.open("w") as file:
                json.dump(value, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self._directory / STATE)
        except OSError as error:
            logger.error("decision log's state not written", extra={"error": error.strerror})


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("sequence"), int) else None
