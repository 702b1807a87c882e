"""Analysing a change outside any transaction, as the portal's own service."""

from collections.abc import Callable
from uuid import UUID

from apps.kernel.actor import service_actor
from apps.kernel.tenancy import acting_as

from .comparison import SECONDS, Change, compare_change, unproven
from .operations import record_analysis
from .standing import analysis_schema, find_analysis, keys_of

TOO_MUCH = "It takes more time or memory than an analysis may have."


def analyze(
    *,
    tenant_id: UUID,
    read: Callable[[], Change | None],
    seconds: float = SECONDS,
    too_long: tuple[type[Exception], ...] = (),
) -> bool:
    """Analyse what `read` returns inside the tenant's scope; False if nothing was left to do.

    Running it twice, or beside itself, does no harm. What raises `too_long`, or needs too much
    memory, is kept as unproven: trying again would end the same way.
    """
    actor = service_actor(tenant_id=tenant_id, name="analysis")
    with acting_as(actor):
        change = read()
        if change is None or find_analysis(change) is not None:
            return False
    failures: tuple[type[Exception], ...] = (MemoryError, RecursionError, *too_long)
    try:
        report = compare_change(change, analysis_schema(), seconds=seconds)
    except failures:
        report = unproven(change, TOO_MUCH)
    keys = keys_of(change)
    with acting_as(actor):
        record_analysis(
            policy_id=UUID(change.id),
            content=keys.content,
            proposed=keys.proposed,
            base=keys.base,
            report=report.as_json(),
        )
    return True
