"""Reads of the audit log: only scopes where the actor may view it, filtered as the page is."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.events.queries import get_event, list_events
from apps.kernel.errors import NotFound
from apps.orgs.queries import get_scope, permitted_at, permitted_scope_ids, scope_ids_within

if TYPE_CHECKING:
    from apps.events.models import Event


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to look for; empty fields do not filter. `scope_id` includes everything below it."""

    actor_id: str = ""
    action: str = ""
    resource_type: str = ""
    resource_id: str = ""
    scope_id: UUID | None = None
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""
    text: str = ""


def list_audit() -> "QuerySet[Event]":
    """Return the events in the scopes whose audit log the actor may view, newest first."""
    return list_events().filter(permitted_at("audit.view", "scope_id"))


def find_audit(criteria: Criteria) -> "QuerySet[Event]":
    """Return the viewable events that meet `criteria`, newest first; NotFound for no such scope."""
    rows = list_audit().filter(_equal(criteria)).filter(_between(criteria))
    if criteria.scope_id:
        rows = rows.filter(scope_id__in=scope_ids_within(get_scope(criteria.scope_id).id))
    if criteria.text:
        rows = rows.filter(
            Q(resource_name__icontains=criteria.text)
            | Q(reason__icontains=criteria.text)
            | Q(actor_name__icontains=criteria.text)
        )
    return rows


def get_audit(event_id: UUID) -> "Event":
    """Return one viewable event; raise NotFound for any other."""
    event = get_event(event_id)
    if str(event.scope_id) not in permitted_scope_ids("audit.view"):
        raise NotFound("There is no such event.")
    return event


def list_history(resource_id: str) -> "QuerySet[Event]":
    """Return what happened to one resource, as far as the actor may view it, newest first."""
    return list_audit().filter(resource_id=resource_id)


def _equal(criteria: Criteria) -> Q:
    names = ("actor_id", "action", "resource_type", "resource_id", "outcome", "request_id")
    return Q(**{name: getattr(criteria, name) for name in names if getattr(criteria, name)})


def _between(criteria: Criteria) -> Q:
    condition = Q()
    if criteria.since:
        condition &= Q(occurred_at__gte=criteria.since)
    if criteria.until:
        condition &= Q(occurred_at__lt=criteria.until)
    return condition
