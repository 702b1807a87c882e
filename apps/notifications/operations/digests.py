"""The daily digest: one for each person and day, however long nobody looked."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation
from apps.orgs.queries import get_user

from .. import queries
from ..models import Letter, Notification, Preference
from ..schedule import local_day, next_digest
from ..types import Choice, group_of
from .letters import digest_key, write_digest_letter


@operation("notification.digest")
def send_digest(*, user_id: UUID) -> int:
    """Put what waits for a person's digest into one letter, if it is due; return how much.

    What they have read meanwhile, or no longer want by e-mail, stays in the portal only.
    """
    person = get_user(user_id)
    authorize("notification.digest", person.as_resource())
    row = _find_due(user_id)
    waiting = _waiting(row) if row else []
    change = Change(payload={"count": len(waiting)})
    event = emit("notification.digested", resource=person.as_resource(), change=change)
    if row and waiting:
        write_digest_letter(waiting, recipient_id=user_id, key=_key(row), event=event)
    if row:
        _advance(row)
    return len(waiting)


def skip_empty_digest(user_id: UUID) -> bool:
    """Move a due digest on that would tell nothing; tell whether it was moved."""
    row = _find_due(user_id)
    if row is None or _waiting(row):
        return False
    _advance(row)
    return True


def _find_due(user_id: UUID) -> Preference | None:
    rows = Preference.objects.select_for_update().filter(user_id=user_id)
    return rows.filter(next_digest_at__lte=clock.now()).first()  # type: ignore[no-any-return]


def _advance(row: Preference) -> None:
    row.next_digest_at = next_digest(clock.now(), hour=row.digest_hour, zone=row.time_zone)
    row.save(update_fields=["next_digest_at"])


def _waiting(row: Preference) -> list[Notification]:
    if Letter.objects.filter(key=_key(row)).exists():
        return []
    wishes = queries.wishes_of([row.user_id])[row.user_id]
    rows = Notification.objects.unread().filter(
        recipient_id=row.user_id, told_by=Choice.DIGEST, letter=None
    )
    return [
        one for one in rows.order_by("id") if wishes.choice_for(group_of(one.kind)) != Choice.PORTAL
    ]


def _key(row: Preference) -> str:
    return digest_key(row.user_id, local_day(clock.now(), zone=row.time_zone))
