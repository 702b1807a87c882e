"""The decision log: noted without waiting, written by a thread, masked as it leaves."""

import contextlib
import json
import logging
import random
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aeterna_cedar_agent.engine import Answer, Loaded
from aeterna_cedar_agent.lease import Staleness
from aeterna_cedar_agent.masking import masked
from aeterna_cedar_agent.question import Question
from aeterna_cedar_agent.spool import Batch, Spool
from aeterna_cedar_agent.status import Status, clip

WAITING = 20_000
WRITE_SECONDS = 0.05
BATCH_BYTES = 48 * 1024
BATCH_ENTRIES = 200
FRAME_BYTES = 60 * 1024
ENTRY_BYTES = 16 * 1024
MAX_UID = 512
MAX_REASONS = 20
MAX_ERRORS = 5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the portal wants of the log: how many of a hundred, and which members masked."""

    sample_percent: float = 100.0
    masked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Noted:
    """One decision as it was made."""

    at: datetime
    question: Question
    answer: Answer
    revision: int
    staleness: Staleness


class Journal:
    """Takes decisions from the serving path, which it never holds up."""

    def __init__(self, *, spool: Spool, status: Status) -> None:
        self._spool = spool
        self._status = status
        self._waiting: deque[Noted] = deque()
        self._lost = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.rules = Rules()

    def start(self) -> None:
        """Begin to write what is noted; what an earlier process left is still there."""
        self._spool.open()
        self._status.dropped = self._spool.dropped
        self._thread.start()

    def close(self) -> None:
        """Write what waits and stop; without a start there is nothing to do."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def note(
        self, question: Question, answer: Answer, *, loaded: Loaded | None, staleness: Staleness
    ) -> None:
        """Take one decision, or count it as dropped where too many wait."""
        percent = self.rules.sample_percent
        if percent < 100 and random.random() * 100 >= percent:
            return
        if len(self._waiting) >= WAITING:
            self._lost += 1
            return
        number = loaded.revision.number if loaded else 0
        self._waiting.append(Noted(datetime.now(UTC), question, answer, number, staleness))

    def read(self) -> Batch | None:
        """Return the next batch for the portal, masked as its rules say now."""
        batch = self._spool.read(max_bytes=BATCH_BYTES, max_entries=BATCH_ENTRIES)
        self._status.dropped = self._spool.dropped
        return batch

    def outgoing(self, batch: Batch) -> list[dict[str, Any]]:
        """Return a batch's entries as they may leave this machine."""
        entries = [masked(entry, names=self.rules.masked) for entry in batch.entries]
        if len(json.dumps(entries)) <= FRAME_BYTES:
            return entries
        return [_cut(entry) for entry in entries]

    def acknowledge(self, batch: Batch) -> None:
        """Forget a batch that the portal has."""
        self._spool.acknowledge(batch)
        self._status.logged += len(batch.entries)

    def _run(self) -> None:
        while not self._ended.wait(WRITE_SECONDS):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        noted: list[Noted] = []
        with contextlib.suppress(IndexError):
            while len(noted) < WAITING:
                noted.append(self._waiting.popleft())
        lost, self._lost = self._lost, 0
        if not noted and not lost:
            return
        try:
            self._spool.append([_fitting(_entry(one)) for one in noted], lost=lost)
        except Exception:
            # The log must never end the deciding; what it could not keep it counts.
            self._spool.dropped += len(noted) + lost
            logger.exception("decision log failed")
        self._status.dropped = self._spool.dropped


def _entry(noted: Noted) -> dict[str, Any]:
    question, answer = noted.question, noted.answer
    added = question.additional_entities
    return {
        "at": noted.at.isoformat(timespec="milliseconds"),
        "revision": noted.revision,
        "principal": _uid(question.principal),
        "action": _uid(question.action),
        "resource": _uid(question.resource),
        "context": json.loads(question.context),
        "entities": json.loads(added) if added else [],
        "decision": answer.decision,
        "reason": [clip(text, length=200) for text in answer.reason[:MAX_REASONS]],
        "errors": [clip(text, length=500) for text in answer.errors[:MAX_ERRORS]],
        "staleness": noted.staleness.value,
        "is_cut": False,
    }


def _uid(uid: dict[str, str]) -> str:
    return clip(f"{uid['type']}::{json.dumps(uid['id'], ensure_ascii=False)}", length=MAX_UID)


def _fitting(entry: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(entry)) <= ENTRY_BYTES:
        return entry
    return _cut(entry)


def _cut(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "context": {}, "entities": [], "is_cut": True}
