"""Everything that is written about webhooks."""

from .lifecycle import (
    create_webhook,
    delete_webhook,
    rotate_webhook_secret,
    suspend_webhook,
    update_webhook,
)
from .trying import replay_message, send_test

__all__ = [
    "create_webhook",
    "delete_webhook",
    "replay_message",
    "rotate_webhook_secret",
    "send_test",
    "suspend_webhook",
    "update_webhook",
]
