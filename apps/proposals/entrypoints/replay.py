"""Replays of recorded decisions against a proposal: on pages, as a file, over REST."""

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
from apps.policies.standing import keys_of

from .. import queries
from ..conflicts.standing import change_of
from ..models import Proposal, Replay
from ..operations import cancel_replay, replay_proposal
from ..types import (
    DEFAULT_REPLAY_DAYS,
    MOST_REPLAY_DAYS,
    REPLAYING,
    ProposalState,
)
from .findings import HEADER, PAGE, Findings, require_findings


class ReplayForm(forms.Form):
    """How many of the last days to replay."""

    days = forms.IntegerField(
        label="Days back",
        initial=DEFAULT_REPLAY_DAYS,
        min_value=1,
        max_value=MOST_REPLAY_DAYS,
        widget=forms.NumberInput(attrs={"class": "input", "min": 1, "max": MOST_REPLAY_DAYS}),
    )


@dataclass(frozen=True, slots=True)
class ReplayView(Findings):
    """A replay as it is told; what it found is empty until it is done."""

    replay: Replay

    @property
    def is_under_way(self) -> bool:
        return self.replay.state in REPLAYING

    @property
    def report(self) -> Mapping[str, Any]:
        report: Mapping[str, Any] = self.replay.report
        return report

    @property
    def outdated(self) -> str:
        """Return in words what changed since, or nothing."""
        replay, proposal = self.replay, self.replay.proposal
        if replay.digest != proposal.digest:
            return "The proposal was revised since: this is of what it said before."
        if proposal.state != ProposalState.PENDING or not replay.base or self.is_under_way:
            return ""
        change = change_of(proposal)
        if change is None or keys_of(change).base == replay.base:
            return ""
        return "Other policies came into force since, or went out of it."

    def as_answer(self, *, offset: int = 0, count: int = PAGE) -> dict[str, Any]:
        """Return it as REST tells it."""
        replay = self.replay
        return {
            **{name: getattr(replay, name) for name in _BRIEF},
            "outdated": self.outdated,
            **self.as_found(offset=offset, count=count),
        }


_BRIEF = (
    "id", "proposal_id", "author", "state", "days", "since", "until", "digest", "revision",
    "total", "done", "failure", "requested_at", "ended_at",
)  # fmt: skip


def list_replays(*, proposal_id: UUID) -> QuerySet[Replay]:
    """List the replays of recorded decisions against a proposal, newest first."""
    proposal = queries.get_proposal(proposal_id)
    require_findings(proposal)
    return queries.list_replays(proposal.id)


def view_replay(*, replay_id: UUID, count: int = PAGE, offset: int = 0) -> Mapping[str, Any]:
    """Return how far a replay is, and what would have been decided otherwise once it is done."""
    return _read(replay_id).as_answer(offset=offset, count=count)


def replay_context(proposal: Proposal) -> dict[str, Any]:
    """Return what a proposal's page shows of its replays; nothing to who may not see decisions."""
    root = get_root().as_resource()
    if proposal.policy_id is None or not decide("decision.view", root).allowed:
        return {"is_replayable": False}
    newest = queries.list_replays(proposal.id).first()
    view = ReplayView(newest) if newest else None
    may = decide("proposal.replay", proposal.as_resource()).allowed
    is_free = view is None or not view.is_under_way
    return {
        "is_replayable": True,
        "replay": view,
        "can_replay": may and is_free and proposal.state == ProposalState.PENDING,
        "replay_form": ReplayForm(auto_id="replay_%s"),
    }


@require_GET
@signed_in
def show(request: HttpRequest, replay_id: UUID) -> HttpResponse:
    """Show a replay: how far it is, what would be different and what it does not cover."""
    view = _read(replay_id)
    if is_csv(request):
        name = f"replay-{view.replay.proposal.number}"
        return csv_file(name=name, header=HEADER, rows=view.as_rows())
    context = {
        **view.as_context(request),
        "replay": view.replay,
        "proposal": view.replay.proposal,
        "can_cancel": view.is_under_way
        and decide("proposal.cancel_replay", view.replay.as_resource()).allowed,
    }
    return render(request, "proposals/replay.html", context)


@require_POST
@signed_in
def start(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Have recorded decisions decided again as if a proposal were in force."""
    form = ReplayForm(request.POST)
    # What is no number is refused by the operation, in its own words.
    days = form.cleaned_data["days"] if form.is_valid() else 0
    return act(
        request,
        partial(replay_proposal, proposal_id=proposal_id, days=days),
        done="The recorded decisions are being replayed.",
        next_url=reverse("proposals:view", args=[proposal_id]) + "#replay",
    )


@require_POST
@signed_in
def cancel(request: HttpRequest, replay_id: UUID) -> HttpResponse:
    """Stop a replay."""
    return act(
        request,
        partial(cancel_replay, replay_id=replay_id),
        done="The replay is stopped.",
        next_url=reverse("proposals:replay", args=[replay_id]),
    )


def _read(replay_id: UUID) -> ReplayView:
    replay = queries.get_replay(replay_id)
    require_findings(replay.proposal)
    return ReplayView(replay)
