"""Telling people something, and their reading of it."""

from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.orgs import queries as orgs

from . import queries
from .models import Notification

SUBJECT_LENGTH = 300


@operation("notification.send")
def send_notifications(
    *, recipient_ids: list[UUID], kind: str, subject: str, path: str, key: str
) -> int:
    """Tell active people something, each once for `key`; return how many are asked to know."""
    root = orgs.get_root().as_resource()
    authorize("notification.send", root)
    people = list(orgs.list_users().filter(id__in=recipient_ids))
    moment = clock.now()
    rows = [
        Notification(
            tenant_id=current_tenant_id(),
            recipient=person,
            kind=kind,
            subject=subject[:SUBJECT_LENGTH],
            path=path,
            dedupe_key=key,
            created_at=moment,
        )
        for person in people
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    payload = {"kind": kind, "people": len(people)}
    emit("notification.sent", resource=root, change=Change(payload=payload))
    return len(people)


@operation("notification.read")
def read_notification(*, notification_id: UUID) -> Notification:
    """Note that the person who acts has read what they were told."""
    row = queries.get_notification(notification_id, for_update=True)
    authorize("notification.read", row.recipient.as_resource())
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    _note(row.recipient, 1)
    return row


@operation("notification.read_all")
def read_all_notifications() -> int:
    """Note that the person who acts has read everything; return how much was unread."""
    person = orgs.get_acting_user()
    authorize("notification.read_all", person.as_resource())
    rows = Notification.objects.unread().filter(recipient_id=person.id)
    count: int = rows.update(read_at=clock.now())
    _note(person, count)
    return count


def _note(person: Any, count: int) -> None:
    change = Change(payload={"count": count})
    emit("notification.read", resource=person.as_resource(), change=change)
