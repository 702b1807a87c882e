"""How long this agent may go on deciding without word from the portal."""

import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from aeterna_cedar_agent.durable import replace_file
from aeterna_cedar_agent.shape import ShapeError, need_list, need_object, need_text, take_whole
from aeterna_cedar_agent.trust import LEASE, Trust, TrustError

FILE = "lease.json"
# How many heartbeats may be unanswered before an answer to the oldest counts no more.
MOST_ASKED = 8
# Goes on while the machine sleeps and knows no steps of the wall clock.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

logger = logging.getLogger(__name__)


class Staleness(StrEnum):
    """How much a decision is to be relied on."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    UNLOADED = "unloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What the portal granted; seconds count from when this agent asked for it.

    `limits` bounds single actions otherwise than `limit_seconds`; `readable` names actions that
    are decided though everything else is expired.
    """

    revision: int
    agent: str
    nonce: str
    seconds: int
    limit_seconds: int
    limits: Mapping[str, int]
    readable: frozenset[str]


class _Held(NamedTuple):
    lease: Lease
    token: str
    granted: float


class Leases:
    """The newest lease, and what follows from it for one decision."""

    def __init__(self, *, directory: Path, trust: Trust) -> None:
        self._file = directory / FILE
        self._trust = trust
        self._asked: dict[str, float] = {}
        # Replaced as one: readers in other threads see a lease with its own time.
        self._held: _Held | None = None
        self._newest = 0

    def restore(self) -> None:
        """Go on with the lease of an earlier run for what is left of it."""
        try:
            kept = need_object(json.loads(self._file.read_bytes()), field="file")
            token = need_text(kept.get("token"), field="token")
            lease = _read(self._trust.read_stored(token, kind=LEASE))
            granted = _granted_before(kept, lease=lease)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError, TrustError) as error:
            logger.error("stored lease unusable", extra={"error": str(error)})
            return
        self._held = _Held(lease, token, granted)

    def ask(self) -> str:
        """Return a nonce for the next heartbeat: the lease counts from now, not from its answer."""
        nonce = secrets.token_urlsafe(16)
        while len(self._asked) >= MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        self._asked[nonce] = now()
        return nonce

    def take(self, token: str, *, agent: str) -> None:
        """Take over a lease that answers one of this process's own nonces; raises TrustError."""
        try:
            lease = _read(self._trust.read(token, kind=LEASE))
        except ShapeError as error:
            raise TrustError(f"lease: {error}") from error
        asked = self._asked.pop(lease.nonce, None)
        if asked is None:
            raise TrustError("lease: answers nothing that was asked")
        if lease.agent != agent:
            raise TrustError(f"lease: granted to agent {lease.agent}")
        if self._held is not None and asked < self._held.granted:
            return
        if self.seconds_left == 0:
            logger.info("lease granted", extra={"limit_seconds": lease.limit_seconds})
        self._held = _Held(lease, token, asked)
        self.heard(lease.revision)

    def save(self) -> None:
        """Keep the lease for a restart without the portal."""
        held = self._held
        if held is None:
            return
        granted_at = time.time() - (now() - held.granted)
        kept = {"token": held.token, "boot": boot(), "granted": held.granted}
        try:
            content = json.dumps({**kept, "granted_at": granted_at}).encode()
            replace_file(self._file, content=content)
        except OSError as error:
            # It holds all the same; only a restart without the portal would miss it.
            logger.error("lease not written", extra={"error": error.strerror})

    def heard(self, revision: int) -> None:
        """Note a revision the portal sent: until it is served, what is held is stale."""
        self._newest = max(self._newest, revision)

    def staleness(self, *, held: int, action: str = "") -> Staleness:
        """Tell how a decision about `action` on revision `held` stands now; 0 is none."""
        if held == 0:
            return Staleness.UNLOADED
        if self._held is None:
            return Staleness.EXPIRED
        lease, age = self._held.lease, now() - self._held.granted
        if age >= lease.limits.get(action, lease.limit_seconds):
            return Staleness.EXPIRED
        is_newest = held >= max(self._newest, lease.revision)
        return Staleness.FRESH if age < lease.seconds and is_newest else Staleness.STALE

    def may_decide(self, staleness: Staleness, *, action: str) -> bool:
        """Tell whether a decision of this staleness is made by the policies at all."""
        if staleness is not Staleness.EXPIRED:
            return True
        return self._held is not None and action in self._held.lease.readable

    @property
    def seconds_left(self) -> float:
        """Seconds until everything without a limit of its own is expired; never below 0."""
        if self._held is None:
            return 0.0
        return max(0.0, self._held.granted + self._held.lease.limit_seconds - now())


def now() -> float:
    """Return seconds of a clock that never steps, and counts the machine's sleep."""
    return time.clock_gettime(CLOCK)


def boot() -> str | None:
    """Return the name of this run of the machine, None where it has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


def _read(claims: Mapping[str, Any]) -> Lease:
    limits = need_object(claims.get("limits"), field="limits")
    readable = need_list(claims.get("readable"), field="readable")
    return Lease(
        revision=take_whole(claims, "revision"),
        agent=need_text(claims.get("agent"), field="agent"),
        nonce=need_text(claims.get("nonce"), field="nonce"),
        seconds=take_whole(claims, "lease_seconds"),
        limit_seconds=take_whole(claims, "limit_seconds"),
        limits={name: take_whole(limits, name, within="limits") for name in limits},
        readable=frozenset(need_text(name, field="readable") for name in readable),
    )


def _granted_before(kept: Mapping[str, Any], *, lease: Lease) -> float:
    since, granted, granted_at = (kept.get(name) for name in ("boot", "granted", "granted_at"))
    if not isinstance(granted, int | float) or not isinstance(granted_at, int | float):
        raise ValueError("granted: must be a number")
    if since is not None and since == boot() and granted <= now():
        return float(granted)
    # After a reboot only the wall clock is left: where it went back, nothing of the lease is.
    age = time.time() - granted_at
    return now() - (
        age if age >= 0 else lease.limit_seconds + max(lease.limits.values(), default=0)
    )
