"""Hints over Channels to the browsers of a company; a lost one is healed by the next page."""

import logging
from uuid import UUID

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.kernel.groups import group

logger = logging.getLogger(__name__)
PREFIX = "browsers_"


def browser_group(tenant_id: UUID, topic: str) -> str:
    """Return the channel group of the tenant's browsers that are told about `topic`."""
    return group(tenant_id, f"{PREFIX}{topic}")


def publish_topic(*, tenant_id: UUID, topic: str) -> None:
    """Tell the tenant's browsers that something of `topic` changed."""
    message = {"type": "topic.changed", "topic": topic}
    try:
        async_to_sync(get_channel_layer().group_send)(browser_group(tenant_id, topic), message)
    except (redis.RedisError, OSError):
        logger.warning("hint to browsers lost; their next page repairs it")
