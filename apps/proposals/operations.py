"""Proposing a change, deciding about it, and applying it when it is approved."""

from typing import Any
from uuid import UUID

from django.db.models import Max

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.locks import take_turn
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text
from apps.policies import queries as policies
from apps.policies.operations import activate_policy, require_fit, retire_policy
from apps.policies.types import PolicyState

from . import queries
from .models import Comment, Proposal, Review
from .types import (
    PROPOSAL_TRANSITIONS,
    REASON_LENGTH,
    REQUIRED_APPROVALS,
    ProposalKind,
    ProposalState,
    Verdict,
)

ALREADY_PENDING = {
    "one_pending_proposal_per_policy": ("policy_id", "A proposal for this policy is pending.")
}
ALREADY_REVIEWED = {"one_review_each": ("proposal_id", "You have reviewed exactly this already.")}


@operation("policy.propose")
def propose_policy(
    *, policy_id: UUID, justification: str, kind: str = ProposalKind.ACTIVATE_POLICY
) -> Proposal:
    """Ask for a policy's working copy to come into force, or for the policy to be retired."""
    policy = policies.get_policy(policy_id, for_update=True)
    authorize("policy.propose", policy.as_resource())
    chosen = _clean_kind(kind)
    if chosen == ProposalKind.RETIRE_POLICY and policy.state != PolicyState.ACTIVE:
        raise Conflict("Only a policy that is in force can be retired.")
    author, agent_id = _author()
    proposal = Proposal(
        number=_next_number(),
        kind=chosen,
        policy=policy,
        author=author,
        through_agent_id=agent_id,
        justification=clean_text(justification, field="justification", limit=REASON_LENGTH),
        base_version=policy.active_version,
        created_at=clock.now(),
    )
    _take_content(proposal, policy)
    with conflicts(ALREADY_PENDING):
        proposal.save(force_insert=True)
    after = {"number": proposal.number, "kind": chosen, "digest": proposal.digest}
    change = Change(after=after, reason=proposal.justification)
    emit("policy.proposed", resource=proposal.as_resource(), change=change)
    return proposal


@operation("proposal.approve")
def approve_proposal(
    *, proposal_id: UUID, reason: str = "", expected_version: int | None = None
) -> Proposal:
    """Approve exactly the content seen; with the last approval needed, apply it at once."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    # What was read beside a row that had to be waited for is as old as the question.
    proposal.policy = policies.get_policy(proposal.policy_id, for_update=True)
    authorize("proposal.approve", proposal.as_resource())
    authorize("policy.approve", proposal.policy.as_resource())
    require_version(proposal.version, expected_version)
    _require_state(proposal, ProposalState.APPROVED)
    if queries.is_outdated(proposal):
        raise Conflict("The policy changed meanwhile; the proposal must be revised.")
    _review(proposal, Verdict.APPROVED, _clean_reason(reason, required=False))
    if queries.count_approvals(proposal) >= REQUIRED_APPROVALS:
        _apply(proposal)
        _close(proposal, ProposalState.APPROVED)
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
    _require_state(proposal, ProposalState.REJECTED)
    _review(proposal, Verdict.REJECTED, _clean_reason(reason, required=True))
    _close(proposal, ProposalState.REJECTED)
    emit(
        "proposal.rejected",
        resource=proposal.as_resource(),
        change=Change(before={"state": "pending"}, after={"state": "rejected"}, reason=reason),
    )
    return proposal


@operation("proposal.withdraw")
def withdraw_proposal(*, proposal_id: UUID) -> Proposal:
    """Take one's own proposal back."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.withdraw", proposal.as_resource())
    _require_state(proposal, ProposalState.WITHDRAWN)
    _close(proposal, ProposalState.WITHDRAWN)
    change = Change(before={"state": "pending"}, after={"state": "withdrawn"})
    emit("proposal.withdrawn", resource=proposal.as_resource(), change=change)
    return proposal


@operation("proposal.revise")
def revise_proposal(*, proposal_id: UUID, justification: str | None = None) -> Proposal:
    """Take the policy's working copy as it is now; earlier approvals no longer count."""
    proposal = queries.get_proposal(proposal_id, for_update=True)
    authorize("proposal.revise", proposal.as_resource())
    if proposal.state not in (ProposalState.PENDING, ProposalState.REJECTED):
        raise Conflict(f"A proposal that is {proposal.state} cannot be revised.")
    before = {"state": proposal.state, "digest": proposal.digest}
    policy = policies.get_policy(proposal.policy_id)
    if justification is not None:
        proposal.justification = clean_text(
            justification, field="justification", limit=REASON_LENGTH
        )
    proposal.base_version = policy.active_version
    _take_content(proposal, policy)
    proposal.state, proposal.decided_at = ProposalState.PENDING, None
    proposal.version += 1
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
    author, _ = _author()
    comment: Comment = Comment.objects.create(
        proposal=proposal,
        author=author,
        text=clean_text(text, field="text", limit=REASON_LENGTH),
        created_at=clock.now(),
    )
    emit("proposal.commented", resource=proposal.as_resource(), change=Change(reason=text))
    return comment


def _next_number() -> int:
    take_turn("proposal.number")
    last: int | None = Proposal.objects.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _take_content(proposal: Proposal, policy: Any) -> None:
    if proposal.kind == ProposalKind.ACTIVATE_POLICY:
        require_fit(policy)
        proposal.cedar, proposal.rules = policy.cedar, policy.rules
    proposal.digest = queries.digest_under(proposal, policy)


def _apply(proposal: Proposal) -> None:
    reason = f"Proposal #{proposal.number}"
    if proposal.kind == ProposalKind.RETIRE_POLICY:
        retire_policy(policy_id=proposal.policy_id, reason=reason)
    else:
        activate_policy(
            policy_id=proposal.policy_id,
            cedar=proposal.cedar,
            rules=proposal.rules,
            reason=reason,
        )
    proposal.revision = policies.get_head().number


def _review(proposal: Proposal, verdict: Verdict, reason: str) -> None:
    reviewer, _ = _author()
    with conflicts(ALREADY_REVIEWED):
        Review.objects.create(
            proposal=proposal,
            reviewer=reviewer,
            verdict=verdict,
            reason=reason,
            digest=proposal.digest,
            created_at=clock.now(),
        )


def _require_state(proposal: Proposal, target: ProposalState) -> None:
    if target not in PROPOSAL_TRANSITIONS[ProposalState(proposal.state)]:
        raise Conflict(f"The proposal is already {proposal.state}.")


def _close(proposal: Proposal, state: ProposalState) -> None:
    proposal.state = state
    proposal.decided_at = clock.now()
    proposal.version += 1
    proposal.save(update_fields=["state", "decided_at", "version", "revision"])


def _clean_reason(reason: str, *, required: bool) -> str:
    return clean_text(reason, field="reason", limit=REASON_LENGTH, required=required)


def _clean_kind(kind: str) -> ProposalKind:
    try:
        return ProposalKind(kind)
    except ValueError as error:
        names = ", ".join(ProposalKind)
        raise Invalid(fields={"kind": [f"Choose one of {names}."]}) from error


def _author() -> tuple[Any, UUID | None]:
    actor = current_actor()
    owner = orgs.get_acting_user()
    is_agent = actor.principal.kind == "Agent"
    return owner, UUID(actor.principal.id) if is_agent else None
