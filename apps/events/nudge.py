"""The hint that wakes the relay at once; losing it costs one poll interval, never an event."""

import logging

import redis
from django.conf import settings

logger = logging.getLogger(__name__)
CHANNEL = "aeterna:outbox"
_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """Return this process's Redis client for hints, with short timeouts."""
    url = settings.REDIS_URL
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    return _clients[url]


def nudge() -> None:
    """Tell the relay that something is due."""
    try:
        client().publish(CHANNEL, b"1")
    except redis.RedisError:
        logger.warning("outbox hint lost; the relay will poll")
