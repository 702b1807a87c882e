"""Settings, Governance: which rules hold where, and proposing others or a role."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.pages import add_problems, signed_in, uuid_param
from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.orgs import queries as orgs
from apps.orgs.types import ROLE_TITLES, Role
from apps.proposals.governance import Standing, governance_of
from apps.proposals.operations import propose_change
from apps.proposals.types import ProposalKind

from ..settings_tabs import tabs
from .governance_forms import PRESETS, PresetForm, RoleForm, RuleForm

HEADER = (
    "kind", "severity", "approvals_needed", "lowest_role", "people_who_may", "hours",
    "escalates", "expires_after_hours", "rule_of",
)  # fmt: skip
COLUMNS = (
    {"name": "Change"},
    {"name": "Severity", "class": "shrink"},
    {"name": "Who can approve it here"},
    {"name": "When nobody does"},
    {"name": "Rule of", "class": "shrink"},
)
FORMS: Mapping[str, tuple[str, type[PageForm]]] = {
    "preset": (ProposalKind.GOVERNANCE_SETTING, PresetForm),
    "rule": (ProposalKind.GOVERNANCE_SETTING, RuleForm),
    "role": (ProposalKind.GRANT_ROLE, RoleForm),
}
TITLES = {
    "preset": "Propose another preset",
    "rule": "Propose a rule",
    "role": "Ask for a role",
}


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the rules that hold at a scope, for each kind of change."""
    scope = _scope(request)
    standings = governance_of(scope)
    rows = [_row(scope, one) for one in standings]
    if is_csv(request):
        return csv_file(name="governance", header=HEADER, rows=map(_csv_row, rows))
    context = {
        "scope": scope,
        "scopes": orgs.list_scopes(),
        "rows": rows,
        "columns": COLUMNS,
        "short": [row for row in rows if row["is_short"]],
        "preset_words": PRESETS[standings[0].found.preset],
        "may_propose": orgs.is_permitted("governance.propose", scope.as_resource()),
        "is_company": scope.parent_id is None,
        "csv_url": csv_url(request),
        **tabs("governance"),
    }
    return render(request, "portal/governance.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def propose(request: HttpRequest, scope_id: UUID, what: str) -> HttpResponse:
    """Propose another preset, a rule at a scope, or a role for somebody there."""
    if what not in FORMS:
        raise NotFound("There is no such proposal.")
    scope = orgs.get_scope(scope_id)
    authorize("governance.propose", scope.as_resource())
    kind, make = FORMS[what]
    form: Any = make(request.POST or None, initial=_initial(scope, what))
    proposal, status = _submit(form, scope, kind) if form.is_bound else (None, 200)
    if proposal is not None:
        messages.success(request, f"Proposal #{proposal.number} now waits for a decision.")
        return redirect("proposals:view", proposal_id=proposal.id)
    context = {"form": form, "scope": scope, "title": TITLES[what], **tabs("governance")}
    return render(request, "portal/governance_propose.html", context, status=status)


def _submit(form: Any, scope: Any, kind: str) -> tuple[Any, int]:
    if not form.is_valid():
        return None, Invalid.status
    try:
        proposal = propose_change(
            scope_id=scope.id,
            kind=kind,
            payload=form.payload(),
            justification=form.cleaned_data["justification"],
        )
    except (Invalid, Conflict, NotFound) as error:
        add_problems(form, error)
        return None, error.status
    return proposal, 200


def _scope(request: HttpRequest) -> Any:
    scope = orgs.get_scope(uuid_param(request, "scope") or orgs.get_root().id)
    authorize("org.view", scope.as_resource())
    return scope


def _initial(scope: Any, what: str) -> dict[str, Any]:
    if what == "preset":
        return {"preset": orgs.get_company().governance_preset}
    if what == "role":
        return {}
    terms = orgs.effective_rule(scope_id=str(scope.id), kind="").terms
    return {**terms.as_json(), "reminder_percents": ", ".join(map(str, terms.reminder_percents))}


def _row(scope: Any, one: Standing) -> dict[str, Any]:
    terms, names = one.terms, _names(scope)
    made_at = names.get(one.found.scope_id or "")
    return {
        "kind": one.kind,
        "severity": one.severity,
        "terms": terms,
        "role": ROLE_TITLES[one.lowest_role],
        "auto": ROLE_TITLES[Role(terms.auto_approve_role)] if terms.auto_approve_role else "",
        "approvers": one.approvers,
        "is_short": one.is_short,
        "hours": orgs.review_hours(terms=terms, scope=scope),
        "made_at": made_at or f"Preset {one.found.preset}",
    }


def _names(scope: Any) -> dict[str, str]:
    return {str(level.id): level.name for level in orgs.level_scopes(str(scope.id))}


def _csv_row(row: dict[str, Any]) -> tuple[Any, ...]:
    terms = row["terms"]
    return (
        row["kind"].name, row["severity"].value, terms.required_approvals, row["role"],
        row["approvers"], row["hours"], terms.escalates, terms.expiry_hours, row["made_at"],
    )  # fmt: skip
