"""Reads of the event log and its deliveries."""

from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet

from apps.kernel.errors import NotFound

from .models import Delivery, Event
from .types import DeliveryState


def list_events() -> QuerySet[Event]:
    """Return the events of the tenant, newest first."""
    return Event.objects.newest_first()  # type: ignore[no-any-return]


def get_event(event_id: UUID) -> Event:
    """Return one event; raise NotFound."""
    event = Event.objects.filter(id=event_id).first()
    if event is None:
        raise NotFound("There is no such event.")
    return event  # type: ignore[no-any-return]


def list_history(*, resource_id: str) -> QuerySet[Event]:
    """Return what happened to one resource, newest first."""
    return list_events().filter(resource_id=resource_id)


def list_dead_letters() -> QuerySet[Delivery]:
    """Return the deliveries that gave up, newest first, with their events."""
    return Delivery.objects.filter(state=DeliveryState.DEAD).select_related("event").newest_first()  # type: ignore[no-any-return]


def get_delivery(delivery_id: UUID, *, for_update: bool = False) -> Delivery:
    """Return one delivery, locked if asked; raise NotFound."""
    rows = Delivery.objects.select_for_update() if for_update else Delivery.objects.all()
    delivery = rows.filter(id=delivery_id).first()
    if delivery is None:
        raise NotFound("There is no such delivery.")
    return delivery  # type: ignore[no-any-return]


def is_newer_pending(*, handler: str, event_id: UUID) -> bool:
    """Tell whether `handler` has a later event waiting, whose work would cover this one's."""
    rows = Delivery.objects.filter(handler=handler, state=DeliveryState.PENDING)
    return rows.filter(event_id__gt=event_id).exists()  # type: ignore[no-any-return]


def oldest_due_at(moment: datetime) -> datetime | None:
    """Return since when the oldest delivery that is due at `moment` has been, or None."""
    found: datetime | None = Delivery.objects.due(moment).aggregate(at=Min("next_attempt_at"))["at"]
    return found
