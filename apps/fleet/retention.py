"""Removes decisions that were kept long enough, in every company."""

import logging
from uuid import UUID

from apps.kernel.actor import service_actor
from apps.kernel.tenancy import across_tenants, acting_as

from .models import Decision
from .operations import remove_old_decisions

logger = logging.getLogger(__name__)
TIMEKEEPER = "timekeeper"
BATCH = 5_000


def remove_in_every_company() -> int:
    """Remove what is past its time, batch by batch; return how many rows. What fails stays."""
    with across_tenants("find companies with a decision log"):
        tenants = list(Decision.objects.order_by("tenant_id").values_list("tenant_id").distinct())
    return sum(_remove(tenant_id) for (tenant_id,) in tenants)


def _remove(tenant_id: UUID) -> int:
    total, count = 0, BATCH
    while count == BATCH:
        try:
            with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
                count = remove_old_decisions(limit=BATCH)
        except Exception:
            logger.exception("old decisions stay", extra={"tenant_id": str(tenant_id)})
            break
        total += count
    return total
