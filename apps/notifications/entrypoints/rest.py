"""The place of the inbox in the REST interface."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.kernel.entrypoints.rest import Route

from .. import queries
from ..operations import read_all_notifications, read_notification, update_preferences
from ..queries import Wishes
from .serializers import (
    ChoicesIn,
    NotificationFilter,
    NotificationOut,
    PreferencesOut,
    PreferencesPatch,
    ReadOut,
)


def read_everything() -> Mapping[str, int]:
    """Mark everything as read; answer how much was unread."""
    return {"count": read_all_notifications()}


def view_preferences() -> Mapping[str, Any]:
    """Return how the caller is told, and whether this installation sends e-mail at all."""
    return _told(queries.get_own_wishes())


def change_preferences(*, choices: ChoicesIn | None = None, **when: Any) -> Mapping[str, Any]:
    """Change how the caller is told; answer what holds now."""
    chosen = choices.model_dump(exclude_unset=True) if choices else None
    return _told(update_preferences(choices=chosen, **when))


def _told(wishes: Wishes) -> Mapping[str, Any]:
    return {
        "is_email_on": settings.IS_EMAIL_ON,
        "choices": dict(wishes.choices),
        "digest_hour": wishes.digest_hour,
        "time_zone": wishes.time_zone,
    }


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
    Route(
        method="GET", path="me/notification-preferences", name="notification.preferences",
        call=view_preferences, answers=PreferencesOut,
    ),
    Route(
        method="PATCH", path="me/notification-preferences", name="notification.prefer",
        call=change_preferences, takes=PreferencesPatch, answers=PreferencesOut,
    ),
)  # fmt: skip
