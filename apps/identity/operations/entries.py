"""A platform administrator enters the company in scope, which is not theirs, and leaves it."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.masking import mask
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs.checks import clean_text
from apps.orgs.queries import get_root, principal_facts

from .. import queries
from ..models import PlatformEntry
from ..types import ENTRY_LASTS, LONGEST_REASON, SHORTEST_REASON

ALREADY_IN = {"entered_once_at_a_time": ("company", "You are in this company already.")}


@operation("tenant.enter")
def enter_tenant(*, reason: str) -> PlatformEntry:
    """Let a platform administrator of another company act in this one for an hour, and say why.

    Invalid unless the reason has 10 to 500 characters; Conflict for this company's own people and
    for who is in it already.
    """
    root = get_root()
    authorize("tenant.enter", root.as_resource())
    reason = mask(_clean_reason(reason))
    if not principal_facts(current_actor()).is_visitor:
        raise Conflict(f"You belong to {root.name}; there is nothing to enter.")
    principal, moment = current_actor().principal, clock.now()
    administrator_id = UUID(principal.id)
    _close_expired(administrator_id, moment)
    with conflicts(ALREADY_IN):
        entry: PlatformEntry = PlatformEntry.objects.create(
            administrator_id=administrator_id,
            administrator_name=principal.name,
            reason=reason,
            entered_at=moment,
            expires_at=moment + ENTRY_LASTS,
        )
    change = Change(after={"expires_at": entry.expires_at}, reason=reason)
    emit("tenant.entered", resource=root.as_resource(), change=change)
    return entry


@operation("tenant.leave")
def leave_tenant() -> PlatformEntry:
    """End the stay of the platform administrator who acts; Conflict if they are not in."""
    root = get_root()
    authorize("tenant.leave", root.as_resource())
    entry = queries.find_entry(UUID(current_actor().principal.id), for_update=True)
    if entry is None:
        raise Conflict(f"You are not in {root.name}.")
    entry.left_at = clock.now()
    entry.save(update_fields=["left_at"])
    change = Change(before={"entered_at": entry.entered_at, "expires_at": entry.expires_at})
    emit("tenant.left", resource=root.as_resource(), change=change)
    return entry


def _clean_reason(reason: str) -> str:
    reason = clean_text(reason, field="reason", limit=LONGEST_REASON)
    if len(reason) < SHORTEST_REASON:
        message = f"At least {SHORTEST_REASON} characters; these are {len(reason)}."
        raise Invalid(fields={"reason": [message]})
    return reason


def _close_expired(administrator_id: UUID, moment: datetime) -> None:
    # An entry that ran out ended then; only now does its row have to say so.
    rows = PlatformEntry.objects.filter(administrator_id=administrator_id, left_at__isnull=True)
    rows.filter(expires_at__lte=moment).update(left_at=F("expires_at"))
