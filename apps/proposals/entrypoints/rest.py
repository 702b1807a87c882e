"""The place of proposals in the REST interface."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.orgs.queries import get_user
from apps.policies.queries import get_policy

from .. import queries
from ..models import Comment, Proposal, Review
from ..operations import (
    approve_proposal,
    comment_on_proposal,
    propose_policy,
    reject_proposal,
    revise_proposal,
    withdraw_proposal,
)
from .serializers import (
    ApproveIn,
    CommentIn,
    CommentOut,
    ProposalFilter,
    ProposalOut,
    ProposeIn,
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


PROPOSAL = "proposals/<uuid:proposal_id>"

ROUTES = (
    Route(
        method="POST", path="policies/<uuid:policy_id>/propose", name="policy.propose",
        call=propose_policy, takes=ProposeIn, answers=ProposalOut, status=201,
        located="proposals/{id}",
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
        method="POST", path=f"{PROPOSAL}/withdraw", name="proposal.withdraw",
        call=withdraw_proposal, answers=ProposalOut,
    ),
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
