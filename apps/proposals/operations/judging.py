"""Which proposals recorded decisions can be decided again by."""

from uuid import UUID

from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict
from apps.orgs import queries as orgs

from .. import queries
from ..models import Proposal
from ..types import ProposalState


def proposal_to_judge(proposal_id: UUID, *, action: str) -> Proposal:
    """Return a pending proposal about a policy, for who may do `action` and see all decisions.

    Conflict if it is decided already or about no policy.
    """
    proposal = queries.get_proposal(proposal_id)
    authorize(action, proposal.as_resource())
    authorize("decision.view", orgs.get_root().as_resource())
    if proposal.policy_id is None:
        raise Conflict("Only changes of policies decide anything otherwise.")
    if proposal.state != ProposalState.PENDING:
        raise Conflict(f"The proposal is already {proposal.state}.")
    return proposal
