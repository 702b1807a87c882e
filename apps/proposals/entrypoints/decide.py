"""Where the links of an e-mail lead: one decision, to be confirmed by who is signed in."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.pages import signed_in
from apps.kernel.errors import NotFound

from .. import queries
from ..types import ProposalState
from .forms import ApproveForm, RejectForm

FORMS = {"approve": ApproveForm, "reject": RejectForm}


@require_safe
@signed_in
def confirm(request: HttpRequest, proposal_id: UUID, verb: str) -> HttpResponse:
    """Ask to confirm a decision; whether it may be taken is decided when it is sent."""
    form_class = FORMS.get(verb)
    if form_class is None:
        raise NotFound("There is nothing at this address.")
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    context = {
        "proposal": proposal,
        "form": form_class(initial={"expected_version": proposal.version}),
        "verb": verb.title(),
        "action": reverse(f"proposals:{verb}", args=[proposal.id]),
        "is_open": proposal.state == ProposalState.PENDING,
        "breadcrumb": [
            {"name": "Proposals", "url": reverse("proposals:list")},
            {"name": str(proposal), "url": reverse("proposals:view", args=[proposal.id])},
            {"name": verb.title()},
        ],
    }
    return render(request, "proposals/confirm.html", context)
