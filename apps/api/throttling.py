"""How many requests a principal of a tenant may make in a minute."""

import math
import time
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from apps.kernel.errors import RateLimited
from apps.kernel.tenancy import current_actor

logger = structlog.get_logger(__name__)
POLICY_HEADER = "RateLimit-Policy"
WINDOW_SECONDS = 60
REDIS_SECONDS = 0.5
BLIND_SECONDS = 5.0
"""How long the shared counters are left alone after they could not be reached."""


class Throttled(RateLimited):
    """Too many requests of one principal; `limit` is what a minute holds."""

    def __init__(self, *, limit: int, retry_after: int) -> None:
        super().__init__(f"At most {limit} requests in a minute.", retry_after=retry_after)


class TenantThrottle(BaseThrottle):
    """Count requests per tenant and principal, in Redis, or in this process while it is lost."""

    def allow_request(self, _request: Any, _view: Any) -> bool:
        """Return True; raise Throttled, with the wait in seconds, over the limit."""
        actor = current_actor()
        limit = RateLimitItemPerMinute(per_minute())
        key = ("api", str(actor.tenant_id), actor.principal.kind, actor.principal.id)
        wait = _wait(limit, key)
        if wait:
            raise Throttled(limit=limit.amount, retry_after=wait)
        return True


def per_minute() -> int:
    """Return how many requests a minute holds."""
    limit: int = settings.ENVIRONMENT.api_requests_per_minute
    return limit


def policy() -> str:
    """Return the value of RateLimit-Policy: requests and seconds of the window."""
    return f'"default";q={per_minute()};w={WINDOW_SECONDS}'


def _wait(limit: RateLimitItem, key: tuple[str, ...]) -> int:
    """Return 0 and count the request, or the seconds until one fits."""
    if time.monotonic() < _blind["until"]:
        return _ask(_local(), limit, key)
    try:
        return _ask(_shared(settings.REDIS_URL), limit, key)
    except (RedisError, StorageError) as error:
        logger.warning("requests are counted in this process only", error=str(error))
        _blind["until"] = time.monotonic() + BLIND_SECONDS
        return _ask(_local(), limit, key)


def _ask(limiter: MovingWindowRateLimiter, limit: RateLimitItem, key: tuple[str, ...]) -> int:
    if limiter.hit(limit, *key):
        return 0
    reset_at = limiter.get_window_stats(limit, *key).reset_time
    return max(1, math.ceil(reset_at - time.time()))


_blind = {"until": 0.0}


@cache
def _shared(url: str) -> MovingWindowRateLimiter:
    own = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    options: Any = {**settings.REDIS_OPTIONS, **own}
    return MovingWindowRateLimiter(
        storage_from_string(url, key_prefix="aeterna-limits", wrap_exceptions=True, **options)
    )


@cache
def _local() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
