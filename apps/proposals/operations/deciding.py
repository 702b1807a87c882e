"""Deciding about a proposal, and applying it when it is approved."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text
from apps.orgs.governance import Terms
from apps.orgs.types import ROLE_TITLES

from .. import queries
from ..approvers import lowest_role, terms_of
from ..conflicts.standing import require_analysed
from ..kinds import get_kind
from ..models import Proposal, Review
from ..types import PROPOSAL_TRANSITIONS, REASON_LENGTH, ProposalState, Verdict

ALREADY_REVIEWED = {"one_review_each": ("proposal_id", "You have reviewed exactly this already.")}


@operation("proposal.approve")
def approve_proposal(
    *, proposal_id: UUID, reason: str = "", expected_version: int | None = None
) -> Proposal:
    """Approve exactly the content seen; with the last approval needed, apply it at once."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    kind = get_kind(proposal.kind)
    kind.lock(proposal)
    authorize("proposal.approve", proposal.as_resource())
    authorize(*kind.authority(proposal))
    require_version(proposal.version, expected_version)
    require_state(proposal, ProposalState.APPROVED)
    outdated = kind.find_outdated(proposal)
    if outdated:
        raise Conflict(outdated)
    require_analysed(proposal)
    terms = terms_of(proposal)
    _require_counting(proposal, terms)
    _review(proposal, Verdict.APPROVED, _clean_reason(reason, required=False))
    if queries.count_approvals(proposal) >= terms.required_approvals:
        apply_and_close(proposal)
    after = {"state": proposal.state, "revision": proposal.revision}
    emit(
        "proposal.approved",
        resource=proposal.as_resource(),
        change=Change(before={"state": "pending"}, after=after, reason=reason),
    )
    return proposal


@operation("proposal.reject")
def reject_proposal(
    *, proposal_id: UUID, reason: str, expected_version: int | None = None
) -> Proposal:
    """Reject a proposal with a reason; its author may revise it."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.reject", proposal.as_resource())
    require_version(proposal.version, expected_version)
    require_state(proposal, ProposalState.REJECTED)
    _review(proposal, Verdict.REJECTED, _clean_reason(reason, required=True))
    close(proposal, ProposalState.REJECTED)
    emit(
        "proposal.rejected",
        resource=proposal.as_resource(),
        change=Change(before={"state": "pending"}, after={"state": "rejected"}, reason=reason),
    )
    return proposal


def apply_and_close(proposal: Proposal) -> None:
    """Make the change and end the proposal as approved."""
    get_kind(proposal.kind).apply(proposal, reason=f"Proposal #{proposal.number}")
    close(proposal, ProposalState.APPROVED)


def require_state(proposal: Proposal, target: ProposalState) -> None:
    """Raise Conflict unless the proposal may become `target`."""
    if target not in PROPOSAL_TRANSITIONS[ProposalState(proposal.state)]:
        raise Conflict(f"The proposal is already {proposal.state}.")


def close(proposal: Proposal, state: ProposalState) -> None:
    """End the proposal's round as `state`."""
    require_state(proposal, state)
    proposal.state = state
    proposal.decided_at = clock.now()
    proposal.next_step_at = None
    proposal.version += 1
    proposal.save(update_fields=["state", "decided_at", "next_step_at", "version", "revision"])


def _require_counting(proposal: Proposal, terms: Terms) -> None:
    """Raise Conflict unless the rules count this approval."""
    is_agent = current_actor().principal.kind == PrincipalKind.AGENT
    if is_agent and not terms.agents_may_approve:
        raise Conflict("The rules here count no agent's approval: a person must approve.")
    role = lowest_role(proposal, terms)
    has_role = orgs.holds_role(role, str(proposal.scope_id))
    if terms.approver_role and not has_role and not current_actor().is_platform:
        raise Conflict(f"The rules here ask for an approval by {ROLE_TITLES[role]} or higher.")


def _review(proposal: Proposal, verdict: Verdict, reason: str) -> None:
    with conflicts(ALREADY_REVIEWED):
        Review.objects.create(
            proposal=proposal,
            reviewer=orgs.get_acting_user(),
            verdict=verdict,
            reason=reason,
            digest=proposal.digest,
            created_at=clock.now(),
        )


def _clean_reason(reason: str, *, required: bool) -> str:
    return clean_text(reason, field="reason", limit=REASON_LENGTH, required=required)
