"""Analysing what waits for a decision."""

from functools import partial
from typing import Any
from uuid import UUID

from apps.kernel.actor import service_actor
from apps.kernel.tenancy import across_tenants, acting_as
from apps.policies.analyzing import analyze
from apps.policies.comparison import Change

from ..models import Proposal
from ..prospects import work_out_proposal
from ..types import ProposalState
from .standing import change_of


def analyze_waiting(*, tenant_id: UUID, too_long: tuple[type[Exception], ...] = ()) -> int:
    """Analyse every pending proposal that is not analysed beside what is in force; count them.

    Who gains and loses today is worked out first, because it takes less time.
    """
    with acting_as(service_actor(tenant_id=tenant_id, name="analysis")):
        waiting = list(_pending().values_list("id", flat=True))
    for proposal_id in waiting:
        work_out_proposal(tenant_id=tenant_id, proposal_id=proposal_id, too_long=too_long)
    return sum(
        analyze(tenant_id=tenant_id, read=partial(_read, proposal_id), too_long=too_long)
        for proposal_id in waiting
    )


def find_tenants_waiting() -> list[UUID]:
    """Return the tenants in which a proposal is pending."""
    with across_tenants("find tenants whose proposals wait for an analysis"):
        rows = _pending().order_by("tenant_id").values_list("tenant_id", flat=True)
        return list(rows.distinct())


def _pending() -> Any:
    return Proposal.objects.filter(state=ProposalState.PENDING, policy__isnull=False)


def _read(proposal_id: UUID) -> Change | None:
    proposal = _pending().select_related("policy__scope").filter(id=proposal_id).first()
    return change_of(proposal) if proposal else None
