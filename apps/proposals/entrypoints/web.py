"""Pages about proposals: what waits, one proposal with its decision, and proposing a change."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kernel.authorization import authorize, decide_many
from apps.kernel.entrypoints.changes import changed
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, address, filter_bar, page_of
from apps.kernel.entrypoints.pages import act, choice_param, signed_in, submit
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.policies import queries as policies

from .. import queries
from ..approvers import quorum
from ..conflicts.operations import accept_conflicts
from ..models import Proposal
from ..operations import (
    approve_proposal,
    comment_on_proposal,
    nudge_approvers,
    propose_policy,
    reject_proposal,
    revise_proposal,
    withdraw_proposal,
)
from ..types import ProposalKind, ProposalState
from .detail import page_context
from .forms import (
    AcceptForm,
    ApproveForm,
    CommentForm,
    GoBackForm,
    ProposeForm,
    RejectForm,
    ReviseForm,
    WithdrawForm,
)

TABS = {"": "Waiting for me", "mine": "Mine", "all": "All"}
COLUMNS = (
    {"name": "Proposal"},
    {"name": "Scope"},
    {"name": "Severity", "class": "shrink"},
    {"name": "State", "class": "shrink"},
    {"name": "Proposed by"},
    {"name": "When", "class": "shrink"},
)
SELECT = {"name": "Select", "class": "shrink"}
CSV_HEADER = (
    "number", "kind", "title", "scope", "severity", "state", "author", "through_agent",
    "created_at", "decided_at", "revision", "justification",
)  # fmt: skip


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the proposals of one tab that match the filters in the URL."""
    if not orgs.permitted_scope_ids("proposal.view"):
        authorize("proposal.view", orgs.get_root().as_resource())
    tab = choice_param(request, "tab", TABS)
    filters = [] if tab == "" else [Filter("state", "Any state", _states())]
    state = choice_param(request, "state", _states()) if filters else ""
    waiting = queries.list_waiting()
    rows = _rows(tab, state, waiting)
    if is_csv(request):
        return csv_file(name="proposals", header=CSV_HEADER, rows=map(_csv_row, rows))
    page = page_of(request, rows, order=("-number",))
    choosable = _choosable(page.rows)
    context = {
        "page": page,
        "choosable": choosable,
        "select_page": request.GET.get("select") == "page",
        "select_url": address(request, select="page"),
        "bar": filter_bar(request, placeholder="", filters=filters),
        "keep": [{"name": "tab", "value": tab}] if tab else [],
        "clear_url": address(request, state=""),
        "tabs": [_tab(request, key, name, tab, waiting) for key, name in TABS.items()],
        "tab": tab,
        "columns": [*([SELECT] if choosable else []), *COLUMNS],
    }
    return render(request, "proposals/list.html", context)


@require_GET
@signed_in
def show(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Show one proposal: the change, what still blocks it, and its story."""
    return _page(request, proposal_id)


@require_GET
@signed_in
def about(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show the newest proposals about a policy, for the page of that policy."""
    policy = policies.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    rows = queries.list_proposals(policy_id=policy_id)[:10]
    return render(request, "proposals/about.html", {"policy": policy, "rows": rows})


@require_GET
@signed_in
def approvers(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Show who may approve a proposal; loaded after its page, as it asks about each person."""
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    found = quorum(proposal)
    scopes = orgs.level_scopes(str(proposal.scope_id))
    context = {
        "proposal": proposal,
        "quorum": found,
        "asked_at": scopes[proposal.level],
        "later": [one for one in found.approvers if one not in found.asked],
        "may_climb": found.terms.escalates and proposal.level < len(scopes) - 1,
    }
    return render(request, "proposals/approvers.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Propose a policy's working copy, or its retirement, with a justification."""
    policy = policies.get_policy(policy_id)
    authorize("policy.propose", policy.as_resource())
    if request.method == "GET":
        form, status = ProposeForm(initial={"kind": request.GET.get("kind", "")}), 200
    else:
        form = ProposeForm(request.POST)
        proposal, status = submit(form, propose_policy, policy_id=policy_id)
        if proposal is not None:
            messages.success(request, f"Proposal #{proposal.number} now waits for a decision.")
            return redirect("proposals:view", proposal_id=proposal.id)
    in_force = policies.find_version(policy_id=policy.id, number=policy.active_version)
    context = {
        "form": form,
        "policy": policy,
        "change": changed(policies.body_text(in_force), policies.body_text(policy)),
        "pending": queries.list_proposals(state=ProposalState.PENDING, policy_id=policy_id).first(),
    }
    return render(request, "proposals/propose.html", context, status=status)


@require_POST
@signed_in
def go_back(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    """Propose to put an earlier version of a policy in force again, as it was."""
    form = GoBackForm({})
    asked = {"policy_id": policy_id, "number": number, "kind": ProposalKind.ROLLBACK_POLICY}
    reason = f"Version {number} is to be in force again."
    proposal, _ = submit(form, propose_policy, **asked, justification=reason)
    if proposal is None:
        messages.error(
            request, f"Nothing was proposed. {' '.join(map(str, form.non_field_errors()))}"
        )
        return redirect("policies:version", policy_id=policy_id, number=number)
    messages.success(request, f"Proposal #{proposal.number} now waits for one approval.")
    return redirect("proposals:view", proposal_id=proposal.id)


@require_POST
@signed_in
def approve(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Approve what was seen."""
    form = ApproveForm(request.POST, auto_id="approve_%s")
    return _act(request, proposal_id, "approve_form", form, approve_proposal)


@require_POST
@signed_in
def reject(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Reject what was seen, with a reason."""
    form = RejectForm(request.POST, auto_id="reject_%s")
    return _act(request, proposal_id, "reject_form", form, reject_proposal)


@require_POST
@signed_in
def accept(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Accept the conflicts that were shown, with a reason."""
    form = AcceptForm(request.POST, auto_id="accept_%s")
    return _act(request, proposal_id, "accept_form", form, accept_conflicts)


@require_POST
@signed_in
def nudge(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Remind those who are asked now."""
    return act(
        request,
        partial(nudge_approvers, proposal_id=proposal_id),
        done="Those who are asked were reminded.",
        next_url=reverse("proposals:view", args=[proposal_id]),
    )


@require_POST
@signed_in
def withdraw(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Take one's own proposal back."""
    return _act(request, proposal_id, "withdraw_form", WithdrawForm({}), withdraw_proposal)


@require_POST
@signed_in
def revise(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Take the policy's working copy as it is now."""
    form = ReviseForm(request.POST, auto_id="revise_%s")
    return _act(request, proposal_id, "revise_form", form, revise_proposal)


@require_POST
@signed_in
def comment(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Say something about a proposal."""
    form = CommentForm(request.POST, auto_id="comment_%s")
    return _act(request, proposal_id, "comment_form", form, comment_on_proposal)


def _act(
    request: HttpRequest,
    proposal_id: UUID,
    name: str,
    form: forms.Form,
    operation: Callable[..., Any],
) -> HttpResponse:
    done, status = submit(form, operation, proposal_id=proposal_id)
    if done is None:
        return _page(request, proposal_id, failed={name: form}, status=status)
    if isinstance(done, Proposal):
        messages.success(request, _said(done))
    return redirect("proposals:view", proposal_id=proposal_id)


def _page(
    request: HttpRequest,
    proposal_id: UUID,
    *,
    failed: dict[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    proposal = queries.get_proposal(proposal_id)
    authorize("proposal.view", proposal.as_resource())
    context = page_context(proposal, failed=failed)
    return render(request, "proposals/view.html", context, status=status)


def _said(proposal: Proposal) -> str:
    return {
        ProposalState.APPROVED: f"Approved, and applied as revision {proposal.revision}."
        if proposal.revision
        else "Approved and applied.",
        ProposalState.REJECTED: "Rejected. The author may revise it.",
        ProposalState.WITHDRAWN: "Withdrawn.",
        ProposalState.EXPIRED: "Expired.",
        ProposalState.PENDING: "Recorded. It still waits for a decision.",
    }[ProposalState(proposal.state)]


def _choosable(rows: Sequence[Proposal]) -> set[UUID]:
    """Return which rows the reader may decide something about, be it only a reminder."""
    pending = [row for row in rows if row.state == ProposalState.PENDING]
    answers = decide_many("proposal.nudge", [row.as_resource() for row in pending])
    return {row.id for row, answer in zip(pending, answers, strict=True) if answer.allowed}


def _rows(tab: str, state: str, waiting: list[Proposal]) -> Any:
    if tab == "":
        return queries.list_proposals().filter(id__in=[proposal.id for proposal in waiting])
    author_id = orgs.principal_facts(current_actor()).owner_id if tab == "mine" else None
    return queries.list_proposals(state=state, author_id=UUID(author_id) if author_id else None)


def _states() -> dict[str, str]:
    return {state.value: state.capitalize() for state in ProposalState}


def _tab(
    request: HttpRequest, key: str, name: str, chosen: str, waiting: list[Proposal]
) -> dict[str, Any]:
    count = len(waiting) if key == "" else None
    url = address(request, tab=key, state="", q="")
    return {"name": name, "url": url, "active": key == chosen, "count": count}


def _csv_row(proposal: Proposal) -> tuple[Any, ...]:
    agent = proposal.through_agent
    return (
        proposal.number, proposal.kind, proposal.title, proposal.scope.name,
        proposal.severity, proposal.state, proposal.author.name, agent.name if agent else "",
        proposal.created_at, proposal.decided_at, proposal.revision, proposal.justification,
    )  # fmt: skip
