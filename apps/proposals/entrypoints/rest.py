"""The place of proposals in the REST interface."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.orgs.queries import get_scope, get_user
from apps.policies.entrypoints.impact import ImpactOut, ImpactQuery
from apps.policies.queries import get_policy

from .. import queries
from ..approvers import quorum
from ..conflicts.operations import accept_conflicts
from ..governance import governance_of
from ..models import Comment, Proposal, Review
from ..operations import (
    approve_proposal,
    comment_on_proposal,
    nudge_approvers,
    propose_change,
    propose_policy,
    reject_proposal,
    revise_proposal,
    withdraw_proposal,
)
from .analysis import view_analysis
from .impact import view_impact
from .rest_imports import ROUTES as IMPORTS
from .rest_replays import ROUTES as REPLAYS
from .rest_shadows import ROUTES as SHADOWS
from .rest_triage import ROUTES as TRIAGE
from .serializers import (
    AcceptanceOut,
    AcceptIn,
    AnalysisOut,
    ApproveIn,
    ChangeIn,
    CommentIn,
    CommentOut,
    GovernanceOut,
    ProposalFilter,
    ProposalOut,
    ProposeIn,
    QuorumOut,
    RejectIn,
    ReviewOut,
    ReviseIn,
)


def list_proposals(
    *, state: str = "", author_id: UUID | None = None, policy_id: UUID | None = None
) -> QuerySet[Proposal]:
    """List the proposals that the caller may view, newest first."""
    author = get_user(author_id).id if author_id else None
    policy = get_policy(policy_id).id if policy_id else None
    return queries.list_proposals(state=state, author_id=author, policy_id=policy)


def view_proposal(*, proposal_id: UUID) -> Proposal:
    """Return one proposal with the text that would be in force."""
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    return proposal


def list_comments(*, proposal_id: UUID) -> QuerySet[Comment]:
    """List what was said about a proposal, oldest first."""
    return queries.list_comments(view_proposal(proposal_id=proposal_id).id)


def list_reviews(*, proposal_id: UUID) -> QuerySet[Review]:
    """List the verdicts on a proposal, oldest first."""
    return queries.list_reviews(view_proposal(proposal_id=proposal_id).id)


def view_quorum(*, proposal_id: UUID) -> Mapping[str, Any]:
    """Return who may approve a proposal, who of them is asked now, and what is missing."""
    proposal = view_proposal(proposal_id=proposal_id)
    found = quorum(proposal)
    return {
        "required": found.terms.required_approvals,
        "approvals": queries.count_approvals(proposal),
        "approvers": [one.user for one in found.approvers],
        "asked": [one.user for one in found.asked],
        "shortage": found.shortage,
        "due_at": proposal.due_at,
        "expires_at": proposal.expires_at,
    }


def view_governance(*, scope_id: UUID) -> Mapping[str, Any]:
    """Return the rules that hold at a scope, for each kind of change and severity."""
    scope = get_scope(scope_id)
    authorize("org.view", scope.as_resource())
    return {"items": [entry.as_json() for entry in governance_of(scope)]}


PROPOSAL = "proposals/<uuid:proposal_id>"

ROUTES = (
    Route(
        method="POST", path="policies/<uuid:policy_id>/propose", name="policy.propose",
        call=propose_policy, takes=ProposeIn, answers=ProposalOut, status=201,
        located="proposals/{id}",
    ),
    Route(
        method="POST", path="scopes/<uuid:scope_id>/propose", name="governance.propose",
        call=propose_change, takes=ChangeIn, answers=ProposalOut, status=201,
        located="proposals/{id}",
    ),
    Route(
        method="GET", path="scopes/<uuid:scope_id>/governance", name="governance.status",
        call=view_governance, answers=GovernanceOut,
    ),
    Route(
        method="GET", path=f"{PROPOSAL}/approvers", name="proposal.approvers", call=view_quorum,
        answers=QuorumOut,
    ),
    Route(
        method="GET", path="proposals", name="proposal.list", call=list_proposals,
        query=ProposalFilter, answers=ProposalOut, order=("-number",),
    ),
    Route(
        method="GET", path=PROPOSAL, name="proposal.view", call=view_proposal,
        answers=ProposalOut, is_versioned=True,
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/approve", name="proposal.approve",
        call=approve_proposal, takes=ApproveIn, answers=ProposalOut, is_versioned=True,
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/reject", name="proposal.reject", call=reject_proposal,
        takes=RejectIn, answers=ProposalOut, is_versioned=True,
    ),
    Route(
        method="GET", path=f"{PROPOSAL}/analysis", name="proposal.analysis", call=view_analysis,
        answers=AnalysisOut,
    ),
    Route(
        method="GET", path=f"{PROPOSAL}/impact", name="proposal.impact", call=view_impact,
        query=ImpactQuery, answers=ImpactOut,
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/accept-conflicts", name="proposal.accept_conflicts",
        call=accept_conflicts, takes=AcceptIn, answers=AcceptanceOut,
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/withdraw", name="proposal.withdraw",
        call=withdraw_proposal, answers=ProposalOut,
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/nudge", name="proposal.nudge", call=nudge_approvers,
        answers=ProposalOut,
    ),
    *IMPORTS,
    *TRIAGE,
    *REPLAYS,
    *SHADOWS,
    Route(
        method="POST", path=f"{PROPOSAL}/revise", name="proposal.revise", call=revise_proposal,
        takes=ReviseIn, answers=ProposalOut,
    ),
    Route(
        method="GET", path=f"{PROPOSAL}/reviews", name="proposal.reviews", call=list_reviews,
        query=ListQuery, answers=ReviewOut, order=("id",),
    ),
    Route(
        method="GET", path=f"{PROPOSAL}/comments", name="proposal.comments", call=list_comments,
        query=ListQuery, answers=CommentOut, order=("id",),
    ),
    Route(
        method="POST", path=f"{PROPOSAL}/comments", name="proposal.comment",
        call=comment_on_proposal, takes=CommentIn, answers=CommentOut, status=201,
    ),
)  # fmt: skip
