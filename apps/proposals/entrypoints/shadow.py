"""Proposals in shadow: on pages, as a file, over REST."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.authorization import decide
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.pages import act, signed_in
from apps.orgs.queries import get_root

from .. import queries
from ..models import Proposal, Shadow
from ..operations import start_shadow, stop_shadow
from ..types import DEFAULT_SHADOW_HOURS, MOST_SHADOW_HOURS, ProposalState, ShadowState
from .findings import HEADER, PAGE, Findings, require_findings


class ShadowForm(forms.Form):
    """How long a proposal is to be in shadow."""

    hours = forms.IntegerField(
        label="Hours",
        initial=DEFAULT_SHADOW_HOURS,
        min_value=1,
        max_value=MOST_SHADOW_HOURS,
        widget=forms.NumberInput(attrs={"class": "input", "min": 1, "max": MOST_SHADOW_HOURS}),
    )


@dataclass(frozen=True, slots=True)
class ShadowView(Findings):
    """A shadow as it is told, with what it found so far."""

    shadow: Shadow

    @property
    def is_running(self) -> bool:
        return self.shadow.state == ShadowState.RUNNING

    @property
    def report(self) -> Mapping[str, Any]:
        report: Mapping[str, Any] = self.shadow.report
        return report

    @property
    def early(self) -> int:
        """Return how many arrived that had been decided before it began; they are left out."""
        early: int = self.report.get("early", 0)
        return early

    def as_answer(self, *, offset: int = 0, count: int = PAGE) -> dict[str, Any]:
        """Return it as REST tells it."""
        return {
            **{name: getattr(self.shadow, name) for name in _BRIEF},
            "early": self.early,
            **self.as_found(offset=offset, count=count),
        }


_BRIEF = (
    "id", "proposal_id", "author", "state", "hours", "started_at", "until", "digest", "revision",
    "done", "ending", "ended_at",
)  # fmt: skip


def list_shadows(*, proposal_id: UUID) -> QuerySet[Shadow]:
    """List the times a proposal was in shadow, newest first."""
    proposal = queries.get_proposal(proposal_id)
    require_findings(proposal)
    return queries.list_shadows(proposal.id)


def view_shadow(*, shadow_id: UUID, count: int = PAGE, offset: int = 0) -> Mapping[str, Any]:
    """Return how a shadow stands, and what would be different by it so far."""
    return _read(shadow_id).as_answer(offset=offset, count=count)


def shadow_context(proposal: Proposal) -> dict[str, Any]:
    """Return what a proposal's page shows of its shadow; a badge only to who sees no decisions."""
    newest = queries.list_shadows(proposal.id).first() if proposal.policy_id else None
    view = ShadowView(newest) if newest else None
    is_in_shadow = view is not None and view.is_running
    if not decide("decision.view", get_root().as_resource()).allowed:
        return {"is_in_shadow": is_in_shadow}
    may = decide("proposal.shadow", proposal.as_resource()).allowed
    return {
        "is_in_shadow": is_in_shadow,
        "shadow": view,
        "can_shadow": may and not is_in_shadow and proposal.state == ProposalState.PENDING,
        "shadow_form": ShadowForm(auto_id="shadow_%s"),
    }


@require_GET
@signed_in
def show(request: HttpRequest, shadow_id: UUID) -> HttpResponse:
    """Show a shadow: how long it runs, what would be different and what it does not cover."""
    view = _read(shadow_id)
    shadow = view.shadow
    if is_csv(request):
        return csv_file(name=f"shadow-{shadow.proposal.number}", header=HEADER, rows=view.as_rows())
    context = {
        **view.as_context(request),
        "shadow": shadow,
        "proposal": shadow.proposal,
        "can_stop": view.is_running
        and decide("proposal.stop_shadow", shadow.as_resource()).allowed,
    }
    return render(request, "proposals/shadow.html", context)


@require_POST
@signed_in
def start(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Put a proposal in shadow."""
    form = ShadowForm(request.POST)
    # What is no number is refused by the operation, in its own words.
    hours = form.cleaned_data["hours"] if form.is_valid() else 0
    return act(
        request,
        partial(start_shadow, proposal_id=proposal_id, hours=hours),
        done="It is in shadow now. Nothing of it is enforced.",
        next_url=reverse("proposals:view", args=[proposal_id]) + "#shadow",
    )


@require_POST
@signed_in
def stop(request: HttpRequest, shadow_id: UUID) -> HttpResponse:
    """Take a proposal out of shadow."""
    return act(
        request,
        partial(stop_shadow, shadow_id=shadow_id),
        done="It is in shadow no more. What was counted stays.",
        next_url=reverse("proposals:shadow", args=[shadow_id]),
    )


def _read(shadow_id: UUID) -> ShadowView:
    shadow = queries.get_shadow(shadow_id)
    require_findings(shadow.proposal)
    return ShadowView(shadow)
