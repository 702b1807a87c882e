"""Ends what was for a time, in every company: unconfirmed rollbacks, and break-glasses."""

import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import across_tenants, acting_as

from .models import BreakGlass, Rollback
from .operations import end_break_glass, end_rollback
from .types import BreakGlassState, RollbackState

logger = logging.getLogger(__name__)
TIMEKEEPER = "timekeeper"
OVERDUE = "Nobody confirmed it in time."
OVER = "Its time is over."
BATCH = 500


def end_due_rollbacks() -> int:
    """End each rollback whose time is over, once; return how many. What fails stays for later."""
    due = _find_due(Rollback, state=RollbackState.OPEN)
    return sum(
        _end(tenant_id, partial(end_rollback, rollback_id=id, reason=OVERDUE))
        for tenant_id, id in due
    )


def end_due_break_glasses() -> int:
    """End each break-glass whose time is over, once; return how many. What fails stays for later.

    Agents decide without it by themselves: this takes it out of the next revision.
    """
    due = _find_due(BreakGlass, state=BreakGlassState.OPEN)
    return sum(
        _end(tenant_id, partial(end_break_glass, glass_id=id, reason=OVER)) for tenant_id, id in due
    )


def _find_due(model: type[BreakGlass | Rollback], *, state: str) -> list[tuple[UUID, UUID]]:
    with across_tenants("find what was for a time that is over"):
        rows = model.objects.filter(state=state, ends_at__lte=clock.now())
        return list(rows.order_by("ends_at", "id").values_list("tenant_id", "id")[:BATCH])


def _end(tenant_id: UUID, end: Callable[[], object]) -> bool:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
            end()
    except Conflict:
        return False
    except Exception:
        logger.exception("what was for a time could not end", extra={"tenant_id": str(tenant_id)})
        return False
    return True
