"""Writing events, and what an operator may do with deliveries that failed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from apps.kernel import clock
from apps.kernel.authorization import Decision, Resource, authorize
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.frames import current_frame, note_event
from apps.kernel.masking import mask
from apps.kernel.operation import operation
from apps.kernel.spans import current_traceparent
from apps.kernel.tenancy import current_actor

from . import queries
from .models import Delivery, Event
from .nudge import nudge_on_commit
from .subscriptions import subscribers
from .types import DELIVERY_TRANSITIONS, Change, DeliveryState, Outcome

NO_CHANGE = Change()


def emit(type: str, *, resource: Resource, change: Change = NO_CHANGE) -> Event:
    """Record that `type` happened to `resource`, in the open transaction, and queue its handlers.

    The event is the audit record: if it cannot be written, neither is the change it tells of.
    """
    return emit_each(type, [(resource, change)])[0]


def emit_each(type: str, happened: Sequence[tuple[Resource, Change]]) -> list[Event]:
    """Record that `type` happened to each resource, as `emit` does, however many they are."""
    opened = current_frame()
    events = [
        _event(
            action=opened.name if opened else type,
            type=type,
            outcome=Outcome.DONE,
            resource=resource,
            change=change,
            policies=opened.policies if opened else (),
        )
        for resource, change in happened
    ]
    Event.objects.bulk_create(events)
    _queue(type, events)
    note_event()
    return events


def record_denial(denial: Forbidden) -> None:
    """Record that the decision `denial` carries refused its action."""
    decision = denial.decision
    if not isinstance(decision, Decision):
        return
    event = _event(
        action=decision.action,
        type=f"{decision.action}.denied",
        outcome=Outcome.DENIED,
        resource=decision.resource,
        change=Change(reason=denial.detail),
        policies=decision.policies,
    )
    event.save(force_insert=True)


@operation("dead_letter.replay")
def replay_delivery(*, delivery_id: UUID) -> Delivery:
    """Queue a dead delivery again under the same event id; Conflict unless it is dead."""
    delivery = queries.get_delivery(delivery_id, for_update=True)
    resource = delivery_resource(delivery)
    authorize("dead_letter.replay", resource)
    _move(delivery, DeliveryState.PENDING)
    delivery.attempts = 0
    delivery.next_attempt_at = clock.now()
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    emit("dead_letter.replayed", resource=resource)
    nudge_on_commit()
    return delivery


@operation("dead_letter.discard")
def discard_delivery(*, delivery_id: UUID, reason: str) -> Delivery:
    """Give a dead delivery up for good, with a reason; Conflict unless it is dead."""
    delivery = queries.get_delivery(delivery_id, for_update=True)
    resource = delivery_resource(delivery)
    authorize("dead_letter.discard", resource)
    if not reason.strip():
        raise Invalid("A reason is needed", fields={"reason": ["Say why this is given up."]})
    _move(delivery, DeliveryState.DISCARDED)
    delivery.finished_at = clock.now()
    delivery.save(update_fields=["state", "finished_at"])
    emit("dead_letter.discarded", resource=resource, change=Change(reason=reason))
    return delivery


def bury(*, event_id: UUID, handler: str, attempts: int, error: str) -> None:
    """Leave a dead letter for what was tried outside the relay; its replay runs `handler`."""
    moment = clock.now()
    found = {
        "state": DeliveryState.DEAD,
        "attempts": attempts,
        "last_error": mask(error)[:2000],
        "next_attempt_at": moment,
        "finished_at": None,
    }
    Delivery.objects.update_or_create(event_id=event_id, handler=handler, defaults=found)


def delivery_resource(delivery: Delivery) -> Resource:
    """Return the Cedar resource of a delivery; it belongs to the whole company."""
    tenant = str(delivery.tenant_id)
    return Resource(type="DeadLetter", id=str(delivery.id), name=delivery.handler, scope_id=tenant)


def _move(delivery: Delivery, target: DeliveryState) -> None:
    if target not in DELIVERY_TRANSITIONS[DeliveryState(delivery.state)]:
        raise Conflict(f"A delivery that is {delivery.state} cannot become {target}.")
    delivery.state = target


def _event(
    *,
    action: str,
    type: str,
    outcome: Outcome,
    resource: Resource,
    change: Change,
    policies: tuple[str, ...],
) -> Event:
    actor = current_actor()
    return Event(
        tenant_id=actor.tenant_id,
        occurred_at=clock.now(),
        action=action,
        type=type,
        outcome=outcome,
        actor_kind=actor.principal.kind,
        actor_id=actor.principal.id,
        actor_name=actor.principal.name,
        on_behalf_of=[{"kind": p.kind, "id": p.id, "name": p.name} for p in actor.on_behalf_of],
        is_platform=actor.is_platform,
        channel=actor.channel,
        request_id=actor.request_id,
        resource_type=resource.type,
        resource_id=resource.id,
        resource_name=resource.name[:300],
        scope_id=resource.scope_id,
        before=_json(change.before),
        after=_json(change.after),
        reason=mask(change.reason),
        policies=list(policies),
        payload=_json(change.payload) or {},
    )


def _json(value: Mapping[str, Any] | None) -> Any:
    if value is None:
        return None
    return mask(json.loads(json.dumps(dict(value), cls=DjangoJSONEncoder)))


def _queue(type: str, events: Sequence[Event]) -> None:
    handlers = subscribers(type)
    if not handlers:
        return
    now, traceparent = clock.now(), current_traceparent()
    Delivery.objects.bulk_create(
        Delivery(event=event, handler=name, next_attempt_at=now, traceparent=traceparent)
        for event in events
        for name in handlers
    )
    nudge_on_commit()
