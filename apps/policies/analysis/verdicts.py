"""Settled findings, remembered by the digests of what was asked."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from .types import Finding, Verdict

REMEMBERED = 20_000


class Verdicts:
    """The settled findings of this process, the one longest unused forgotten first."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self.size, self.lock = size, threading.Lock()
        self.held: OrderedDict[str, Finding] = OrderedDict()

    def get(self, key: str) -> Finding | None:
        """Return what was found, if it is remembered."""
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
            return self.held.get(key)

    def put(self, key: str, finding: Finding) -> None:
        """Remember a finding unless it is unproven: more time might settle that."""
        if finding.verdict is Verdict.UNPROVEN:
            return
        with self.lock:
            self.held[key] = finding
            while len(self.held) > self.size:
                self.held.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.held.clear()


def key_of(parts: Sequence[object]) -> str:
    """Return one digest of everything that an answer depends on."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
