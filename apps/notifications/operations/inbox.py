"""Telling people something, and their reading of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.orgs import queries as orgs

from .. import queries
from ..models import Notification
from ..types import Choice, group_of
from .letters import write_instant_letters
from .preferences import start_digests

if TYPE_CHECKING:
    from apps.orgs.models import User

SUBJECT_LENGTH = 300


@operation("notification.send")
def send_notifications(
    *,
    recipient_ids: list[UUID],
    kind: str,
    subject: str,
    path: str,
    key: str,
    links: Mapping[str, str] | None = None,
) -> int:
    """Tell active people something, each once for `key`; return how many are asked to know.

    Who wants e-mail about it gets it at once or in the next digest. `links` maps words to pages
    of the portal that an e-mail also offers.
    """
    root = orgs.get_root().as_resource()
    authorize("notification.send", root)
    people = list(orgs.list_users().filter(id__in=recipient_ids))
    told_by = _told_by(people, kind)
    moment = clock.now()
    rows = [
        Notification(
            tenant_id=current_tenant_id(),
            recipient=person,
            kind=kind,
            subject=subject[:SUBJECT_LENGTH],
            path=path,
            payload={"links": dict(links)} if links else {},
            dedupe_key=key,
            created_at=moment,
            told_by=told_by[person.id],
        )
        for person in people
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    payload = {"kind": kind, "people": len(people)}
    event = emit("notification.sent", resource=root, change=Change(payload=payload))
    write_instant_letters(key=key, recipient_ids=list(told_by), event=event)
    start_digests(user_id for user_id, choice in told_by.items() if choice == Choice.DIGEST)
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


def _told_by(people: list["User"], kind: str) -> dict[UUID, Choice]:
    ids = [person.id for person in people]
    if not settings.IS_EMAIL_ON:
        return dict.fromkeys(ids, Choice.PORTAL)
    group = group_of(kind)
    return {user_id: one.choice_for(group) for user_id, one in queries.wishes_of(ids).items()}


def _note(person: Any, count: int) -> None:
    change = Change(payload={"count": count})
    emit("notification.read", resource=person.as_resource(), change=change)
