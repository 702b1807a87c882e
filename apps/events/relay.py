"""The relay: takes due deliveries of every tenant and runs their handlers, at least once.

A handler's effect and its receipt commit in one transaction of the tenant, so an effect in the
database happens exactly once however often the relay is killed.
"""

import logging
import random
from datetime import timedelta
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.telemetry import DELIVERIES_TOTAL
from apps.kernel.tenancy import across_tenants, acting_as

from .models import Delivery, Event
from .subscriptions import SUBSCRIPTIONS
from .types import FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS, DeliveryState, Happened

logger = logging.getLogger(__name__)
BATCH = 200


def run_due(*, limit: int = BATCH) -> int:
    """Run the deliveries that are due now, oldest first, fair between tenants; return how many."""
    due = _find_due(limit)
    for tenant_id, delivery_id in due:
        _deliver(tenant_id, delivery_id)
    return len(due)


def backoff(attempts: int) -> timedelta:
    """Return the wait before the next attempt: doubling from 1 s to 1 h, jittered down to half."""
    ceiling = min(FIRST_DELAY * 2**attempts, LONGEST_DELAY)
    delay: timedelta = ceiling * random.uniform(0.5, 1)
    return delay


def _find_due(limit: int) -> list[tuple[UUID, UUID]]:
    with across_tenants("find due deliveries"):
        rows = (
            Delivery.objects.due(clock.now())
            .order_by("next_attempt_at", "id")
            .values_list("tenant_id", "id")[:limit]
        )
        return _round_robin(list(rows))


def _round_robin(rows: list[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    queues: dict[UUID, list[tuple[UUID, UUID]]] = {}
    for row in rows:
        queues.setdefault(row[0], []).append(row)
    turns = [(turn, row) for queue in queues.values() for turn, row in enumerate(queue)]
    return [row for _, row in sorted(turns, key=lambda item: item[0])]


def _deliver(tenant_id: UUID, delivery_id: UUID) -> None:
    actor = service_actor(tenant_id=tenant_id, name="relay")
    try:
        with acting_as(actor):
            delivery = _lock(delivery_id)
            if delivery is None:
                return
            SUBSCRIPTIONS[delivery.handler].handle(_happened(delivery.event))
            _finish(delivery)
    except Exception as error:
        logger.exception("delivery failed", extra={"delivery_id": str(delivery_id)})
        with acting_as(actor):
            _postpone(delivery_id, error)


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
