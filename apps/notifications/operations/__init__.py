"""Everything that is written about what people are told."""

from .digests import send_digest
from .inbox import read_all_notifications, read_notification, send_notifications
from .preferences import update_preferences

__all__ = [
    "read_all_notifications",
    "read_notification",
    "send_digest",
    "send_notifications",
    "update_preferences",
]
