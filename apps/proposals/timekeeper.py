"""The timekeeper: finds the proposals whose time has come, in every company, and takes the step."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.tenancy import across_tenants, acting_as

from .models import Proposal
from .operations import escalate_proposal, expire_proposal, remind_of_proposal
from .operations.waiting import next_kind
from .types import TIMEKEEPER, ProposalState, StepKind

logger = logging.getLogger(__name__)
BATCH = 500
STEPS: Mapping[StepKind, Callable[..., Proposal]] = {
    StepKind.REMIND: remind_of_proposal,
    StepKind.ESCALATE: escalate_proposal,
    StepKind.EXPIRE: expire_proposal,
}


def tick(*, limit: int = BATCH) -> int:
    """Take the next step of each proposal that is due now, each at most once; return how many.

    Two at once share the work. What fails is left for the next tick and holds up nothing else.
    """
    return sum(_advance(tenant_id, proposal_id) for tenant_id, proposal_id in _find_due(limit))


def _find_due(limit: int) -> list[tuple[UUID, UUID]]:
    with across_tenants("find proposals that are due"):
        rows = Proposal.objects.filter(
            state=ProposalState.PENDING, next_step_at__lte=clock.now()
        ).order_by("next_step_at", "id")
        return list(rows.values_list("tenant_id", "id")[:limit])


def _advance(tenant_id: UUID, proposal_id: UUID) -> bool:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
            proposal = _lock(proposal_id)
            kind = next_kind(proposal) if proposal else None
            if kind is not None:
                STEPS[kind](proposal_id=proposal_id)
            return kind is not None
    except Exception:
        logger.exception("a step of a proposal failed", extra={"proposal_id": str(proposal_id)})
        return False


def _lock(proposal_id: UUID) -> Proposal | None:
    rows = Proposal.objects.select_for_update(skip_locked=True, of=("self",))
    due = rows.filter(id=proposal_id, state=ProposalState.PENDING, next_step_at__lte=clock.now())
    return due.select_related("policy__scope", "scope", "author").first()  # type: ignore[no-any-return]
