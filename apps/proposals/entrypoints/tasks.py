"""What the workers do for proposals, asked for or from time to time."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from ..conflicts.waiting import analyze_waiting, find_tenants_waiting
from ..timekeeper import tick


@shared_task(name="proposals.analyze_waiting", soft_time_limit=600, time_limit=660)  # type: ignore[untyped-decorator]
def analyze_waiting_of(*, tenant_id: str, **_later: Any) -> None:
    """Analyse what waits in one company; twice does no harm."""
    analyze_waiting(tenant_id=UUID(tenant_id), too_long=(SoftTimeLimitExceeded,))


@shared_task(name="proposals.analyze_all_waiting")  # type: ignore[untyped-decorator]
def analyze_all_waiting(**_later: Any) -> None:
    """Find what waits for an analysis in any company, in case a worker died or a hint was lost."""
    for tenant_id in find_tenants_waiting():
        analyze_waiting_of.delay(tenant_id=str(tenant_id))


@shared_task(name="proposals.tick")  # type: ignore[untyped-decorator]
def advance_waiting_proposals(**_later: Any) -> None:
    """Remind, escalate and expire what is due; a second run at the same time does nothing more."""
    tick()
