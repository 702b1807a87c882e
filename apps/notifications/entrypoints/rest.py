"""The place of the inbox in the REST interface."""

from collections.abc import Mapping

from apps.kernel.entrypoints.rest import Route

from .. import queries
from ..operations import read_all_notifications, read_notification
from .serializers import NotificationFilter, NotificationOut, ReadOut


def read_everything() -> Mapping[str, int]:
    """Mark everything as read; answer how much was unread."""
    return {"count": read_all_notifications()}


ROUTES = (
    Route(
        method="GET", path="notifications", name="notification.list",
        call=queries.list_notifications, query=NotificationFilter, answers=NotificationOut,
        order=("-id",),
    ),
    Route(
        method="POST", path="notifications/read", name="notification.read_all",
        call=read_everything, answers=ReadOut,
    ),
    Route(
        method="POST", path="notifications/<uuid:notification_id>/read",
        name="notification.read", call=read_notification, answers=NotificationOut,
    ),
)  # fmt: skip
