"""Pages of a place: the policies that hold there, and checking a project against them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.pages import signed_in, submit, uuid_param
from apps.orgs import queries as orgs

from .. import queries
from ..chain import effective_at
from ..checking import Report
from ..inheritance import EffectivePolicy, EffectiveRule
from ..operations import check_project, simulate_policy
from ..rules.manifests import ecosystem_of
from ..rules.sentence import sentence_of
from .forms import CheckForm

CSV_HEADER = (
    "policy", "rule", "says", "severity", "effect", "target", "comes_from", "version", "replaces",
    "holds_here", "message",
)  # fmt: skip
TABS = (
    ("effective", "Effective policy", "layers"),
    ("check", "Check a project", "list-checks"),
)
VERDICTS = {
    "pass": ("Nothing stands against it", "circle-check", "success"),
    "warn": ("Passes with warnings", "triangle-alert", "warning"),
    "block": ("Blocked", "circle-x", "error"),
}


@require_GET
@signed_in
def effective(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Show the policies that hold at a scope, where each comes from and what overrides it."""
    scope = orgs.get_scope(scope_id)
    authorize("policy.view", scope.as_resource())
    policies = effective_at(scope)
    if is_csv(request):
        rows = (_csv_row(policy, one) for policy in policies for one in policy.rules)
        return csv_file(name="effective-policy", header=CSV_HEADER, rows=rows)
    context = {
        "scope": scope,
        "tabs": _tabs(scope, "effective"),
        "chain": list(_chain(scope, policies)),
        "policies": [_shown(policy) for policy in policies],
        "csv_url": csv_url(request),
    }
    return render(request, "policies/effective.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def check(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take a project's manifests and files, and show what the policies of a scope say of them."""
    scope = orgs.get_scope(scope_id)
    authorize("policy.check", scope.as_resource())
    choices = [(str(p.id), f"{p.name} of {p.scope.name}") for p in _working_copies(scope)]
    chosen = uuid_param(request, "policy")
    form = CheckForm(
        request.POST or None,
        request.FILES or None,
        policies=choices,
        initial={"policy_id": str(chosen or "")},
    )
    report, status = None, 200
    if request.method == "POST":
        report, status = submit(form, _checked, scope_id=scope_id)
    context = {
        "scope": scope,
        "tabs": _tabs(scope, "check"),
        "form": form,
        "report": report,
        "verdict": VERDICTS[report.verdict] if report else None,
    }
    return render(request, "policies/check.html", context, status=status)


def _checked(
    *,
    scope_id: UUID,
    manifest_name: str,
    manifest: str,
    uploads: dict[str, str],
    paths: list[str] | None,
    policy_id: str,
) -> Report:
    texts = {**uploads, **({manifest_name: manifest} if manifest.strip() else {})}
    given: dict[str, Any] = {
        "scope_id": scope_id,
        "manifests": {p: t for p, t in texts.items() if ecosystem_of(p) or p == manifest_name},
        "contents": {p: t for p, t in texts.items() if not ecosystem_of(p) and p != manifest_name},
        "files": paths,
    }
    if policy_id:
        return simulate_policy(policy_id=UUID(policy_id), **given)
    return check_project(**given)


def _working_copies(scope: Any) -> Any:
    return queries.list_policies().filter(scope_id__in=scope.path)


def _tabs(scope: Any, here: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "icon": icon,
            "url": reverse(f"policies:{key}", args=[scope.id]),
            "active": key == here,
        }
        for key, name, icon in TABS
    ]


def _chain(scope: Any, policies: list[EffectivePolicy]) -> Iterator[dict[str, Any]]:
    standings = [standing for policy in policies for standing in policy.standings]
    places = {one.id: one for one in orgs.list_scopes(include_archived=True)}
    for scope_id in scope.path:
        here = [one for one in standings if one.layer.scope_id == scope_id]
        known = places.get(scope_id)
        name = known.name if known else (here[0].layer.scope_name if here else "A place above")
        yield {"name": name, "kind": known.kind if known else "", "standings": here}


def _shown(policy: EffectivePolicy) -> dict[str, Any]:
    rules = [{"held": one, "says": sentence_of(one.rule)} for one in policy.rules]
    return {"name": policy.name, "standings": policy.standings, "rules": rules}


def _csv_row(policy: EffectivePolicy, one: EffectiveRule) -> tuple[Any, ...]:
    return (
        policy.name, one.rule.id, sentence_of(one.rule), one.rule.severity, one.rule.effect,
        one.rule.target, one.layer.scope_name, one.layer.version,
        ", ".join(layer.scope_name for layer in one.replaces),
        "no" if one.is_off_here else "yes", one.rule.message,
    )  # fmt: skip
