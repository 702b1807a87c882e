"""Reads of one's own inbox."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_actor
from apps.orgs.queries import principal_facts

from .models import Notification


def list_notifications(*, unread: bool = False) -> QuerySet[Notification]:
    """Return what the person who acts was told, newest first, optionally only what is unread."""
    owner = principal_facts(current_actor()).owner_id
    rows = Notification.objects.filter(recipient_id=owner)
    return (rows.unread() if unread else rows).order_by("-id")  # type: ignore[no-any-return]


def count_unread() -> int:
    """Return how much the person who acts has not read yet."""
    return list_notifications(unread=True).count()


def get_notification(notification_id: UUID, *, for_update: bool = False) -> Notification:
    """Return one notification with its recipient, locked if asked; raise NotFound."""
    rows = Notification.objects.select_related("recipient")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(id=notification_id).first()
    if row is None:
        raise NotFound("There is no such notification.")
    return row  # type: ignore[no-any-return]
