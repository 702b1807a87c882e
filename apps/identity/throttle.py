"""How often sign-in may be tried, per e-mail address and per network address."""

import hashlib
import math
import time
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from apps.kernel.errors import RateLimited, Unavailable

logger = structlog.get_logger(__name__)
PER_EMAIL = RateLimitItemPerMinute(10, 15)
PER_ADDRESS = RateLimitItemPerMinute(60, 5)
PER_ADDRESS_AT_PROVIDERS = RateLimitItemPerMinute(60, 1)


def count_local_attempt(*, email: str, address: str) -> None:
    """Count a try with a password; RateLimited, with the wait, when there were too many."""
    _count(PER_ADDRESS, "address", address)
    _count(PER_EMAIL, "email", hashlib.sha256(email.strip().lower().encode()).hexdigest())


def count_provider_attempt(*, address: str) -> None:
    """Count a start at a provider, each of which keeps a row; RateLimited as above."""
    _count(PER_ADDRESS_AT_PROVIDERS, "provider", address)


def _count(limit: Any, kind: str, value: str) -> None:
    limiter = _limiter(settings.REDIS_URL)
    try:
        if limiter.hit(limit, "sign-in", kind, value):
            return
        reset_at = limiter.get_window_stats(limit, "sign-in", kind, value).reset_time
    except (RedisError, StorageError) as error:
        # Without counting, passwords could be guessed: nobody gets a try.
        logger.exception("sign-in attempts cannot be counted")
        raise Unavailable("Sign-in is not possible right now.") from error
    wait = max(1, math.ceil(reset_at - time.time()))
    raise RateLimited("Too many attempts to sign in.", retry_after=wait)


@cache
def _limiter(url: str) -> MovingWindowRateLimiter:
    options: Any = settings.REDIS_OPTIONS
    storage = storage_from_string(url, key_prefix="aeterna-limits", **options)
    return MovingWindowRateLimiter(storage)
