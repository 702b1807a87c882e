"""Accepting what an analysis found, as a person who may approve it and did not write it."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text
from apps.policies import queries as policies

from .. import queries
from ..models import ConflictAcceptance
from ..types import REASON_LENGTH, ProposalState
from .standing import Stand, digest_of, standing_of

ACCEPTED = {"conflicts_accepted_once": ("proposal_id", "They are accepted already.")}


@operation("proposal.accept_conflicts")
def accept_conflicts(*, proposal_id: UUID, reason: str) -> ConflictAcceptance:
    """Take responsibility, with a reason, for exactly the conflicts that the analysis found.

    It holds for this content and these conflicts only; Conflict if there is nothing to accept.
    """
    proposal = queries.get_proposal(proposal_id, for_update=True)
    if proposal.policy_id is None:
        raise Conflict("Only changes of policies are analysed.")
    proposal.policy = policies.get_policy(proposal.policy_id)
    authorize("proposal.accept_conflicts", proposal.as_resource())
    authorize("policy.approve", proposal.policy.as_resource())
    if proposal.state != ProposalState.PENDING:
        raise Conflict(f"The proposal is already {proposal.state}.")
    standing = standing_of(proposal)
    if standing.state == Stand.PENDING:
        raise Conflict("It is still being analysed: nobody knows yet what there is to accept.")
    if not standing.open:
        raise Conflict("The analysis found no conflict: there is nothing to accept.")
    with conflicts(ACCEPTED):
        acceptance: ConflictAcceptance = ConflictAcceptance.objects.create(
            proposal=proposal,
            accepted_by=orgs.get_acting_user(),
            reason=clean_text(reason, field="reason", limit=REASON_LENGTH),
            digest=proposal.digest,
            conflicts=digest_of(standing.open),
            created_at=clock.now(),
        )
    after = {
        "digest": proposal.digest,
        "conflicts": [
            {key: found[key] for key in ("level", "matter", "first", "second")}
            for found in standing.open
        ],
    }
    emit(
        "proposal.conflicts_accepted",
        resource=proposal.as_resource(),
        change=Change(after=after, reason=acceptance.reason),
    )
    return acceptance
