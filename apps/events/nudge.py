"""The hint that wakes the relay at once; losing it costs one poll interval, never an event."""

import logging

import redis
from django.conf import settings
from django.db import connections, transaction

from apps.kernel.tenancy import APP

logger = logging.getLogger(__name__)
CHANNEL = "aeterna:outbox"
_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """Return this process's Redis client for hints, with short timeouts."""
    url = settings.REDIS_URL
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, **settings.REDIS_OPTIONS)
    return _clients[url]


def nudge_on_commit() -> None:
    """Tell the relay once when the open transaction commits, however many events it leaves."""
    waiting = connections[APP].run_on_commit
    if not any(entry[1] is nudge for entry in waiting):
        transaction.on_commit(nudge, using=APP)


def nudge() -> None:
    """Tell the relay that something is due."""
    try:
        client().publish(CHANNEL, b"1")
    except redis.RedisError:
        logger.warning("outbox hint lost; the relay will poll")
