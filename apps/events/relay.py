"""The relay: takes due deliveries of every tenant and runs their handlers, at least once.

A handler's effect and its receipt commit in one transaction of the tenant, so an effect in the
database happens exactly once however often the relay is killed.
"""

import logging
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.errors import ProgrammingError
from apps.kernel.spans import started_span
from apps.kernel.telemetry import DELIVERIES_TOTAL
from apps.kernel.tenancy import APP, across_tenants, acting_as

from .models import Delivery, Event
from .subscriptions import SUBSCRIPTIONS
from .types import FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS, DeliveryState, Happened

logger = logging.getLogger(__name__)
BATCH = 200


def run_due(*, limit: int = BATCH, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Run the deliveries that are due now, taking turns between tenants; return how many.

    Ends after the delivery at hand once `should_stop` says so. Raises DatabaseError when the
    database is out of reach; what was not delivered is still due then.
    """
    ran = 0
    for tenant_id, delivery_id in _find_due(limit):
        if should_stop():
            break
        ran += _deliver(tenant_id, delivery_id)
    return ran


def backoff(
    attempts: int, *, first: timedelta = FIRST_DELAY, longest: timedelta = LONGEST_DELAY
) -> timedelta:
    """Return the wait before the next attempt: doubling from `first`, jittered down to half.

    Never longer than `longest`; by default from 1 s to 1 h.
    """
    ceiling = min(first * 2**attempts, longest)
    delay: timedelta = ceiling * random.uniform(0.5, 1)
    return delay


def _find_due(limit: int) -> list[tuple[UUID, UUID]]:
    oldest_first = [F("next_attempt_at"), F("id")]
    turn = Window(RowNumber(), partition_by=F("tenant_id"), order_by=oldest_first)
    with across_tenants("find due deliveries"):
        rows = Delivery.objects.due(clock.now()).annotate(turn=turn)
        return list(
            rows.order_by("turn", *oldest_first).values_list("tenant_id", "id")[:limit],
        )


def _deliver(tenant_id: UUID, delivery_id: UUID) -> bool:
    """Run one delivery; False if another relay has it or had it."""
    actor = service_actor(tenant_id=tenant_id, name="relay")
    try:
        with acting_as(actor):
            delivery = _lock(delivery_id)
            if delivery is None:
                return False
            with _span(delivery):
                _handle(delivery)
            _finish(delivery)
    except Exception as error:
        logger.exception("delivery failed", extra={"delivery_id": str(delivery_id)})
        with acting_as(actor):
            _postpone(delivery_id, error)
    return True


def _span(delivery: Delivery) -> AbstractContextManager[object]:
    attributes = {
        "aeterna.tenant_id": str(delivery.tenant_id),
        "aeterna.event_id": str(delivery.event_id),
        "aeterna.event_type": delivery.event.type,
        "aeterna.delivery_id": str(delivery.id),
        "aeterna.request_id": delivery.event.request_id,
    }
    name = f"deliver {delivery.handler}"
    return started_span(name, attributes=attributes, traceparent=delivery.traceparent)


def _handle(delivery: Delivery) -> None:
    subscription = SUBSCRIPTIONS.get(delivery.handler)
    if subscription is None:
        raise ProgrammingError(f"this release has no handler {delivery.handler}")
    # A denial commits with the scope; what the handler did before it must not.
    with transaction.atomic(using=APP):
        subscription.handle(_happened(delivery.event))


def _lock(delivery_id: UUID) -> Delivery | None:
    rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",))
    return (  # type: ignore[no-any-return]
        rows.select_related("event").filter(id=delivery_id, state=DeliveryState.PENDING).first()
    )


def _finish(delivery: Delivery) -> None:
    delivery.state = DeliveryState.DONE
    delivery.attempts += 1
    delivery.finished_at = clock.now()
    delivery.save(update_fields=["state", "attempts", "finished_at"])
    DELIVERIES_TOTAL.labels(delivery.handler, "done").inc()


def _postpone(delivery_id: UUID, error: Exception) -> None:
    delivery = _lock(delivery_id)
    if delivery is None:
        return
    delivery.attempts += 1
    delivery.last_error = f"{type(error).__name__}: {error}"[:2000]
    delivery.next_attempt_at = clock.now() + backoff(delivery.attempts)
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.state = DeliveryState.DEAD
    delivery.save(update_fields=["attempts", "last_error", "next_attempt_at", "state"])
    DELIVERIES_TOTAL.labels(delivery.handler, delivery.state).inc()


def _happened(event: Event) -> Happened:
    return Happened(
        id=event.id,
        tenant_id=event.tenant_id,
        type=event.type,
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        scope_id=event.scope_id,
        payload=event.payload,
    )
