"""Hints over Channels that something is newer; a lost one is healed by the next heartbeat."""

import logging
from typing import Any
from uuid import UUID

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from apps.kernel.groups import group

logger = logging.getLogger(__name__)
TOPIC = "cedar_agents"


def publish_revision(*, tenant_id: UUID, revision: int) -> None:
    """Tell the tenant's agent connections that `revision` is the head."""
    _send(tenant_id, {"type": "revision.published", "revision": revision})


def publish_revoked(*, tenant_id: UUID, agent_id: str) -> None:
    """Tell the connection of one agent that its token ended."""
    _send(tenant_id, {"type": "agent.revoked", "agent_id": agent_id})


def _send(tenant_id: UUID, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group(tenant_id, TOPIC), message)
    except (redis.RedisError, OSError):
        logger.warning("hint to agents lost; their next heartbeat repairs it")
