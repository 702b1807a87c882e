"""How the analysis of a proposal is told: beside its decision, on its page and over REST."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.kernel.authorization import authorize, decide
from apps.policies.telling import tell

from .. import queries
from ..conflicts.standing import Stand, Standing, standing_of
from ..models import Proposal

CHECKS: Mapping[Stand, tuple[str, str, str]] = {
    Stand.PENDING: ("waiting", "Being analysed beside what is in force", "takes a few seconds"),
    Stand.CLEAR: ("done", "Proven free of conflicts", ""),
    Stand.CONFLICTING: ("failed", "Conflicts are open", "revise it, or accept them"),
    Stand.ACCEPTED: ("done", "Conflicts were accepted", ""),
}


def view_analysis(*, proposal_id: UUID) -> Mapping[str, Any]:
    """Return what was proven of a proposal beside what is in force, or that it is pending."""
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    standing = standing_of(proposal)
    told = tell(standing.report, subject=proposal.policy) if standing.report else None
    return {
        "state": standing.state,
        "is_blocking": standing.is_blocking,
        "analyzed_at": standing.analysis.analyzed_at if standing.analysis else None,
        "acceptance": standing.acceptance,
        "told": told,
        "report": standing.report,
    }


def analysis_context(proposal: Proposal) -> dict[str, Any]:
    """Return what the page of a proposal shows of its analysis."""
    standing = standing_of(proposal)
    told = tell(standing.report, subject=proposal.policy) if standing.report else None
    return {
        "analysis": standing,
        "told": told,
        "can_accept": standing.state == Stand.CONFLICTING and _may_accept(proposal),
    }


def analysis_checks(standing: Standing) -> list[dict[str, str]]:
    """Return the line of the decision box that tells how the analysis stands."""
    known = CHECKS.get(standing.state)
    if known is None:
        return []
    state, text, note = known
    url = "#analysis"
    return [{"state": state, "text": text, "note": note, "url": url}]


def _may_accept(proposal: Proposal) -> bool:
    if proposal.state != "pending":
        return False
    return (
        decide("proposal.accept_conflicts", proposal.as_resource()).allowed
        and decide("policy.approve", proposal.policy.as_resource()).allowed
    )
