"""What follows a proposal that is not a decision: revising, withdrawing, talking."""

from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.orgs.checks import clean_text

from .. import queries
from ..kinds import get_kind
from ..models import Comment, Proposal
from ..types import PROPOSAL_TRANSITIONS, REASON_LENGTH, ProposalState
from .deciding import close, require_state
from .proposing import ALREADY_PENDING, author_of, require_agent_limit
from .rounds import begin_round


@operation("proposal.withdraw")
def withdraw_proposal(*, proposal_id: UUID) -> Proposal:
    """Take one's own proposal back."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.withdraw", proposal.as_resource())
    require_state(proposal, ProposalState.WITHDRAWN)
    close(proposal, ProposalState.WITHDRAWN)
    change = Change(before={"state": "pending"}, after={"state": "withdrawn"})
    emit("proposal.withdrawn", resource=proposal.as_resource(), change=change)
    return proposal


@operation("proposal.revise")
def revise_proposal(
    *, proposal_id: UUID, justification: str | None = None, payload: dict[str, Any] | None = None
) -> Proposal:
    """Take the policy's working copy, or `payload`, as it is now; earlier approvals end."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.revise", proposal.as_resource())
    state = ProposalState(proposal.state)
    if ProposalState.PENDING not in {state, *PROPOSAL_TRANSITIONS[state]}:
        raise Conflict(f"A proposal that is {state} cannot be revised.")
    before = {"state": proposal.state, "digest": proposal.digest}
    get_kind(proposal.kind).lock(proposal)
    _take(proposal, payload)
    if justification is not None:
        proposal.justification = clean_text(
            justification, field="justification", limit=REASON_LENGTH
        )
    proposal.state, proposal.decided_at = ProposalState.PENDING, None
    proposal.version += 1
    proposal.round += 1
    begin_round(proposal)
    with conflicts(ALREADY_PENDING):
        proposal.save()
    after = {"state": proposal.state, "digest": proposal.digest}
    change = Change(before=before, after=after)
    emit("proposal.revised", resource=proposal.as_resource(), change=change)
    return proposal


@operation("proposal.comment")
def comment_on_proposal(*, proposal_id: UUID, text: str) -> Comment:
    """Say something about a proposal."""
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.comment", proposal.as_resource())
    author, _ = author_of()
    comment: Comment = Comment.objects.create(
        proposal=proposal,
        author=author,
        text=clean_text(text, field="text", limit=REASON_LENGTH),
        created_at=clock.now(),
    )
    emit("proposal.commented", resource=proposal.as_resource(), change=Change(reason=text))
    return comment


def _take(proposal: Proposal, payload: dict[str, Any] | None) -> None:
    kind = get_kind(proposal.kind)
    if kind.is_revised_by_payload:
        given = proposal.payload if payload is None else payload
        proposal.payload = kind.clean(scope=proposal.scope, payload=given)
    kind.take(proposal)
    proposal.digest = proposal.digest_of(kind.content(proposal))
    require_agent_limit(proposal)
