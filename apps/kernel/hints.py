"""Hints over Redis that something is worth a look; whoever listens also looks by itself."""

import logging

import redis
from django.conf import settings
from django.db import transaction

from .tenancy import APP

logger = logging.getLogger(__name__)
_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """Return this process's Redis client for hints, with short timeouts."""
    url = settings.REDIS_URL
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, **settings.REDIS_OPTIONS)
    return _clients[url]


def hint(channel: str, text: str) -> None:
    """Tell those who listen to `channel` now; lost where Redis is."""
    try:
        client().publish(channel, text)
    except redis.RedisError:
        logger.warning("hint lost; it is found out by looking", extra={"channel": channel})


def hint_on_commit(channel: str, text: str) -> None:
    """Tell them when the open transaction commits."""
    transaction.on_commit(lambda: hint(channel, text), using=APP)
