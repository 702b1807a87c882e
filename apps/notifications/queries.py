"""Reads of one's own inbox, of what people chose, and of the letters that are due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.kernel.errors import NotFound
from apps.kernel.tenancy import across_tenants, current_actor
from apps.orgs.queries import principal_facts

from .models import Letter, Notification, Preference
from .types import DEFAULTS, DIGEST_HOUR, TIME_ZONE, Choice, Group, LetterState


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants to be told: a choice for each group, and when the digest comes."""

    choices: Mapping[Group, Choice]
    digest_hour: int = DIGEST_HOUR
    time_zone: str = TIME_ZONE

    def choice_for(self, group: Group) -> Choice:
        """Return how to tell about `group`; what cannot be chosen is told at once."""
        return self.choices.get(group, Choice.INSTANT)


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


def wishes_of(user_ids: Iterable[UUID]) -> dict[UUID, Wishes]:
    """Return how each of these people wants to be told."""
    known = {row.user_id: row for row in Preference.objects.filter(user_id__in=list(user_ids))}
    return {user_id: _wishes(known.get(user_id)) for user_id in user_ids}


def get_own_wishes() -> Wishes:
    """Return how the person who acts wants to be told."""
    owner = UUID(principal_facts(current_actor()).owner_id)
    return wishes_of([owner])[owner]


def list_carried(letter: Letter) -> list[Notification]:
    """Return what a letter tells, oldest first."""
    return list(Notification.objects.filter(letter=letter).order_by("id"))


def list_due_letters(moment: datetime, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Return (tenant, letter) of what is due, taking turns between tenants."""
    oldest_first = [F("next_attempt_at"), F("id")]
    turn = Window(RowNumber(), partition_by=F("tenant_id"), order_by=oldest_first)
    with across_tenants("find due letters"):
        rows = Letter.objects.filter(state=LetterState.PENDING, next_attempt_at__lte=moment)
        ordered = rows.annotate(turn=turn).order_by("turn", *oldest_first)
        return list(ordered.values_list("tenant_id", "id")[:limit])


def list_due_digests(moment: datetime, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Return (tenant, person) of whose digest is due, longest due first."""
    with across_tenants("find due digests"):
        rows = Preference.objects.filter(next_digest_at__lte=moment)
        ordered = rows.order_by("next_digest_at", "id")
        return list(ordered.values_list("tenant_id", "user_id")[:limit])


def _wishes(row: Preference | None) -> Wishes:
    if row is None:
        return Wishes(choices=DEFAULTS)
    chosen = {group: Choice(row.choices.get(group, DEFAULTS[group])) for group in DEFAULTS}
    return Wishes(choices=chosen, digest_hour=row.digest_hour, time_zone=row.time_zone)
