"""What a proposal would put in force, and what that means for today's organization."""

from functools import partial
from typing import Any
from uuid import UUID

from apps.policies.impacts import (
    Prospect,
    facts_digest,
    find_impact,
    find_impact_until,
    work_out,
)

from .kinds.policy import layer_proposed
from .models import Proposal
from .types import ProposalState


def prospect_of(proposal: Proposal) -> Prospect | None:
    """Return a proposal's policy as it would be; None if it is about no policy."""
    policy = proposal.policy
    if policy is None:
        return None
    return Prospect(policy=policy, layer=layer_proposed(proposal))


def impact_of(prospect: Prospect, proposal: Proposal) -> tuple[Any, str | None]:
    """Return what was worked out of a proposal or None, and the facts to hold it against.

    Of a decided one: as it was when it was decided, held against nothing.
    """
    if proposal.state == ProposalState.PENDING:
        return find_impact(prospect.change), facts_digest(prospect.policy)
    return find_impact_until(prospect.change, proposal.decided_at), None


def work_out_proposal(
    *, tenant_id: UUID, proposal_id: UUID, too_long: tuple[type[Exception], ...] = ()
) -> bool:
    """Work out a pending proposal for today's organization; False if nothing was left to do."""
    return work_out(tenant_id=tenant_id, read=partial(_read, proposal_id), too_long=too_long)


def _read(proposal_id: UUID) -> Prospect | None:
    rows = Proposal.objects.filter(state=ProposalState.PENDING, policy__isnull=False)
    proposal = rows.select_related("policy__scope").filter(id=proposal_id).first()
    return prospect_of(proposal) if proposal else None
