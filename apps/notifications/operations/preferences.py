"""How a person wants to be told, which only they decide."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.orgs.queries import get_acting_user

from .. import queries
from ..models import Preference
from ..queries import Wishes
from ..schedule import is_time_zone, next_digest
from ..types import DEFAULTS, DIGEST_HOUR, GROUP_TITLES, TIME_ZONE, Choice, Group

LAST_HOUR = 23


@operation("notification.prefer")
def update_preferences(
    *,
    choices: Mapping[str, str] | None = None,
    digest_hour: int | None = None,
    time_zone: str | None = None,
) -> Wishes:
    """Change how the person who acts is told, group by group; what is not given stays.

    Invalid for what cannot be chosen: emergencies are always sent at once.
    """
    person = get_acting_user()
    authorize("notification.prefer", person.as_resource())
    chosen = _clean_choices(choices or {})
    _require_hour(digest_hour)
    _require_zone(time_zone)
    start_digests([person.id])
    row = Preference.objects.select_for_update().get(user_id=person.id)
    before = _facts(row)
    row.choices = {**row.choices, **chosen}
    row.digest_hour = row.digest_hour if digest_hour is None else digest_hour
    row.time_zone = time_zone or row.time_zone
    row.next_digest_at = next_digest(clock.now(), hour=row.digest_hour, zone=row.time_zone)
    row.save(update_fields=["choices", "digest_hour", "time_zone", "next_digest_at"])
    change = Change(before=before, after=_facts(row))
    emit("notification.preferred", resource=person.as_resource(), change=change)
    return queries.wishes_of([person.id])[person.id]


def start_digests(user_ids: Iterable[UUID]) -> None:
    """See that the digests of these people have a time to come at."""
    due_at = next_digest(clock.now(), hour=DIGEST_HOUR, zone=TIME_ZONE)
    rows = [
        Preference(tenant_id=current_tenant_id(), user_id=user_id, next_digest_at=due_at)
        for user_id in user_ids
    ]
    Preference.objects.bulk_create(rows, ignore_conflicts=True)


def _clean_choices(choices: Mapping[str, str]) -> dict[str, str]:
    for group, choice in choices.items():
        if group == Group.EMERGENCY:
            raise _wrong("Emergencies are always sent at once.")
        if group not in DEFAULTS:
            raise _wrong(f"There is no group {group[:40]}; choose among {', '.join(DEFAULTS)}.")
        if choice not in set(Choice):
            title = GROUP_TITLES[Group(group)]
            raise _wrong(f"For {title} choose one of {', '.join(Choice)}.")
    return dict(choices)


def _require_hour(hour: int | None) -> None:
    if hour is not None and not 0 <= hour <= LAST_HOUR:
        raise Invalid(fields={"digest_hour": [f"Choose an hour from 0 to {LAST_HOUR}."]})


def _require_zone(zone: str | None) -> None:
    if zone is not None and not is_time_zone(zone):
        raise Invalid(fields={"time_zone": ["Choose a time zone such as Europe/Berlin."]})


def _wrong(text: str) -> Invalid:
    return Invalid(fields={"choices": [text]})


def _facts(row: Preference) -> dict[str, Any]:
    return {
        **row.choices,
        "digest_hour": row.digest_hour,
        "time_zone": row.time_zone,
    }
