"""Who gains and who loses by a proposal: on its page, as a list of its own, over REST."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.pages import signed_in
from apps.policies.entrypoints.impact import (
    CSV_HEADER,
    ONLY_RULES,
    PAGE,
    ImpactView,
    State,
    csv_rows,
    impact_view,
    page_of_lines,
)

from .. import queries
from ..models import Proposal
from ..prospects import impact_of, prospect_of
from ..types import ProposalState


def view_impact(*, proposal_id: UUID, count: int = PAGE, offset: int = 0) -> Mapping[str, Any]:
    """Return who would gain and lose by a proposal in today's organization, or that it is pending.

    Of a decided one: as it was when it was decided.
    """
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    return proposal_impact(proposal).as_answer(offset=offset, count=count)


def proposal_impact(proposal: Proposal) -> ImpactView:
    """Return the impact of a proposal for the reader in scope."""
    prospect = prospect_of(proposal)
    if prospect is None:
        return ImpactView(state=State.NONE)
    impact, facts = impact_of(prospect, proposal)
    if impact is None and proposal.state != ProposalState.PENDING:
        return ImpactView(state=State.NONE)
    is_without_cedar = prospect.layer is not None and not prospect.layer.cedar.strip()
    return impact_view(impact, facts=facts, note=ONLY_RULES if is_without_cedar else "")


@require_GET
@signed_in
def show(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Show everybody who gains or loses by a proposal, a page at a time, or as a file."""
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    view = proposal_impact(proposal)
    if is_csv(request):
        rows = csv_rows(view.telling) if view.telling else ()
        return csv_file(name=f"impact-{proposal.number}", header=CSV_HEADER, rows=rows)
    context = {"proposal": proposal, "impact": view}
    if view.telling:
        context |= page_of_lines(request, view.telling)
    return render(request, "proposals/impact.html", context)
