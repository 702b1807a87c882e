"""How long to wait before the next connection attempt."""

import random
from dataclasses import dataclass, field

HEALTHY_SECONDS = 60.0
AUTH_CODES = frozenset((4401, 4403))
REPLACED_CODE = 4409


@dataclass(slots=True, kw_only=True)
class Backoff:
    """Exponential backoff with full jitter; refusals of the token wait longer."""

    base_seconds: float
    cap_seconds: float
    auth_retry_seconds: float
    source: random.Random = field(default_factory=random.SystemRandom)
    failures: int = 0

    def after(self, *, close_code: int | None, up_seconds: float) -> float:
        """Return the seconds to wait after a connection that ended so.

        A token refused (4401, 4403) waits at least auth_retry_seconds; a connection that was up
        for a minute starts the progression again; being replaced (4409) goes to the cap, so that
        two agents with one token do not chase each other.
        """
        if close_code in AUTH_CODES:
            return self.auth_retry_seconds * self.source.uniform(1.0, 1.2)
        if close_code == REPLACED_CODE:
            return self.source.uniform(self.cap_seconds / 2, self.cap_seconds)
        if up_seconds >= HEALTHY_SECONDS:
            self.failures = 0
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return self.source.uniform(0.0, ceiling)
