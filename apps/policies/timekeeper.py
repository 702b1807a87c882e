"""Ends the rollbacks that nobody confirmed in time, in every company."""

import logging
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import across_tenants, acting_as

from .models import Rollback
from .operations import end_rollback
from .types import RollbackState

logger = logging.getLogger(__name__)
TIMEKEEPER = "timekeeper"
OVERDUE = "Nobody confirmed it in time."
BATCH = 500


def end_due_rollbacks() -> int:
    """End each rollback whose time is over, once; return how many. What fails stays for later."""
    return sum(_end(tenant_id, rollback_id) for tenant_id, rollback_id in _find_due())


def _find_due() -> list[tuple[UUID, UUID]]:
    with across_tenants("find rollbacks whose time is over"):
        rows = Rollback.objects.filter(state=RollbackState.OPEN, ends_at__lte=clock.now())
        return list(rows.order_by("ends_at", "id").values_list("tenant_id", "id")[:BATCH])


def _end(tenant_id: UUID, rollback_id: UUID) -> bool:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
            end_rollback(rollback_id=rollback_id, reason=OVERDUE)
    except Conflict:
        return False
    except Exception:
        logger.exception("a rollback could not end", extra={"rollback_id": str(rollback_id)})
        return False
    return True
