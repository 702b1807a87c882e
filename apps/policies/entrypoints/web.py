"""Pages about policies: the list, one policy, its versions and the editor."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.events import queries as events
from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.changes import changed
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, filter_bar, page_of
from apps.kernel.entrypoints.pages import choice_param, signed_in, submit, text_param, uuid_param
from apps.kernel.errors import Stale
from apps.orgs import queries as orgs

from .. import queries
from ..cedar import find_problems
from ..models import Policy
from ..operations import draft_policy, edit_policy, restore_version
from ..rules import rules_text
from ..samples import STARTERS, find_starter
from ..types import MERGES, MODES, ROLLBACK_HOURS, SEVERITIES, PolicyState, Severity
from .forms import DraftForm, EditForm, RestoreForm, RollbackForm
from .problems import as_lint, schema_names
from .rollback_box import rollback_box
from .rule_rows import rule_rows
from .scopes import require_somewhere, scope_labels

COLUMNS = (
    {"name": "Policy"},
    {"name": "Scope"},
    {"name": "State", "class": "shrink"},
    {"name": "Severity", "class": "shrink"},
    {"name": "Mode", "class": "shrink"},
    {"name": "In force", "class": "num shrink"},
    {"name": "Changed", "class": "shrink"},
)
CSV_HEADER = (
    "id", "name", "scope", "state", "severity", "mode", "merge_strategy", "version_in_force",
    "author", "updated_at", "description",
)  # fmt: skip


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the policies that match the filters in the URL."""
    require_somewhere("policy.view")
    filters = _filters()
    wanted = {one.name: choice_param(request, one.name, one.options) for one in filters}
    rows = queries.list_policies(
        text=text_param(request, "q"), state=wanted["state"], scope_id=wanted["scope"]
    )
    rows = rows.filter(severity=wanted["severity"]) if wanted["severity"] else rows
    if is_csv(request):
        return csv_file(name="policies", header=CSV_HEADER, rows=map(_csv_row, rows))
    context = {
        "page": page_of(request, rows, order=("name", "id")),
        "bar": filter_bar(request, placeholder="Search policies", filters=filters),
        "columns": COLUMNS,
        "can_draft": bool(orgs.permitted_scope_ids("policy.draft")),
        "can_export": bool(orgs.permitted_scope_ids("policy.export")),
        "can_import": bool(orgs.permitted_scope_ids("policy.import")),
        "starters": STARTERS,
        "glasses": queries.visible_break_glasses(),
        "can_see_glasses": decide("policy.view", orgs.get_root().as_resource()).allowed,
    }
    return render(request, "policies/list.html", context)


@require_GET
@signed_in
def show(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show one policy: what is in force, what would change, and what happened to it."""
    policy = _visible(policy_id)
    in_force = queries.find_version(policy_id=policy.id, number=policy.active_version)
    resource = policy.as_resource()
    context = {
        **_described(policy),
        "in_force": in_force,
        "change": changed(queries.body_text(in_force), queries.body_text(policy)),
        "rule_rows": rule_rows(policy.rules, policy.severity),
        "versions": queries.list_versions(policy.id),
        "can_analyze": decide("policy.analyze", resource).allowed,
        "can_edit": decide("policy.edit", resource).allowed,
        "can_propose": decide("policy.propose", resource).allowed,
        **rollback_box(policy),
    }
    return render(request, "policies/view.html", context)


@require_GET
@signed_in
def show_version(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    """Show one immutable version of a policy and what it changed."""
    return version_page(request, _visible(policy_id), number)


@require_POST
@signed_in
def restore(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    """Make an earlier version the working copy again, and go on to proposing it."""
    form = RestoreForm(request.POST)
    policy, status = submit(form, restore_version, policy_id=policy_id, number=number)
    if policy is None:
        return version_page(request, _visible(policy_id), number, form=form, status=status)
    messages.success(request, f"The working copy says what version {number} said. Propose it now.")
    return redirect("proposals:propose", policy_id=policy_id)


def version_page(
    request: HttpRequest,
    policy: Policy,
    number: int,
    *,
    form: RestoreForm | None = None,
    rollback_form: RollbackForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer the page of one version, with what was wrong in a form that was sent from it."""
    version = queries.get_version(policy_id=policy.id, number=number)
    previous = queries.find_version(policy_id=policy.id, number=number - 1)
    context = {
        **_described(policy),
        "shown": version,
        "rule_rows": rule_rows(version.rules, version.severity),
        "previous": previous,
        "change": changed(queries.body_text(previous), queries.body_text(version)),
        "newer": queries.find_version(policy_id=policy.id, number=number + 1),
        "form": form or RestoreForm(initial={"expected_version": policy.version}),
        "rollback_form": rollback_form
        or RollbackForm(initial={"expected_version": policy.version, "hours": ROLLBACK_HOURS}),
        "can_go_back": number != policy.active_version
        and decide("policy.propose", policy.as_resource()).allowed,
        "can_restore": number != policy.active_version
        and decide("policy.restore", policy.as_resource()).allowed,
        "can_roll_back": number != policy.active_version
        and decide("policy.rollback", policy.as_resource()).allowed,
    }
    return render(request, "policies/version.html", context, status=status)


@require_GET
@signed_in
def approvers(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show the people who may approve a policy; loaded after its page, as it asks about each."""
    policy = _visible(policy_id)
    author_id = uuid_param(request, "author")
    answers = orgs.who_may("policy.approve", policy.as_resource())
    people = [answer.user for answer in answers if answer.user.id != author_id]
    context = {"policy": policy, "people": people}
    return render(request, "policies/approvers.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def draft(request: HttpRequest) -> HttpResponse:
    """Write a new policy, from nothing or from one that many start from."""
    starter = find_starter(request.GET.get("from", ""))
    initial = _of_starter(starter) | {"scope_id": request.GET.get("scope", "")}
    form = DraftForm(request.POST or None, scopes=_draft_scopes(), initial=initial)
    policy, status = submit(form, draft_policy) if request.method == "POST" else (None, 200)
    if policy is None:
        context = {
            "form": form,
            "starters": STARTERS,
            "starter": starter,
            "completions": schema_names(),
        }
        return render(request, "policies/draft.html", context, status=status)
    messages.success(request, f"{policy.name} is written down. It is not in force yet.")
    return redirect("policies:view", policy_id=policy.id)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Change a working copy; if somebody else did meanwhile, show both texts."""
    policy = _visible(policy_id)
    if request.method == "GET":
        authorize("policy.edit", policy.as_resource())
        return _editor(request, policy, EditForm(initial=_seen(policy)))
    form = EditForm(request.POST)
    saved, status = submit(form, edit_policy, policy_id=policy_id)
    if saved is None:
        return _editor(request, queries.get_policy(policy_id), form, status=status)
    messages.success(request, f"Saved as working copy {saved.version}. Nothing is in force yet.")
    return redirect("policies:view", policy_id=saved.id)


@require_POST
@signed_in
def validate(request: HttpRequest) -> HttpResponse:
    """Return what is wrong with the Cedar text in `source`, for the editor."""
    require_somewhere("policy.validate")
    source = request.POST.get("source", "")
    return JsonResponse([as_lint(p, source) for p in find_problems(source)], safe=False)


def _visible(policy_id: UUID) -> Policy:
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    return policy


def _filters() -> list[Filter]:
    return [
        Filter("state", "Any state", {s.value: s.capitalize() for s in PolicyState}),
        Filter("severity", "Any severity", {s.value: s.capitalize() for s in Severity}),
        Filter("scope", "Any scope", dict(scope_labels(orgs.list_scopes()))),
    ]


def _csv_row(policy: Policy) -> tuple[Any, ...]:
    return (
        policy.id, policy.name, policy.scope.name, policy.state, policy.severity, policy.mode,
        policy.merge_strategy, policy.active_version, policy.author.name, policy.updated_at,
        policy.description,
    )  # fmt: skip


def _described(policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy,
        "severity_words": SEVERITIES[Severity(policy.severity)].partition(": ")[2],
        "mode_words": dict(MODES)[policy.mode].partition(": ")[2],  # type: ignore[index]
        "merge_words": dict(MERGES)[policy.merge_strategy].partition(": ")[2],  # type: ignore[index]
    }


def _draft_scopes() -> list[tuple[str, str]]:
    require_somewhere("policy.draft")
    permitted = orgs.permitted_scope_ids("policy.draft")
    return scope_labels(orgs.list_scopes().filter(id__in=permitted))


def _of_starter(starter: Any) -> dict[str, str]:
    if starter is None:
        return {}
    names = ("name", "description", "severity", "mode", "cedar")
    return {name: getattr(starter, name) for name in names}


def _seen(policy: Policy) -> dict[str, Any]:
    names = ("name", "description", "severity", "mode", "merge_strategy", "cedar")
    return {
        **{name: getattr(policy, name) for name in names},
        "rules": rules_text(policy.rules),
        "expected_version": policy.version,
    }


def _differing(policy: Policy, form: EditForm) -> list[dict[str, str]]:
    theirs, yours = _seen(policy), form.cleaned_data
    names = ("name", "description", "severity", "mode", "merge_strategy")
    return [
        {"label": str(form[name].label), "theirs": theirs[name], "yours": yours[name]}
        for name in names
        if theirs[name] != yours[name]
    ]


def _editor(
    request: HttpRequest, policy: Policy, form: EditForm, *, status: int = 200
) -> HttpResponse:
    context = {
        **_described(policy),
        "form": form,
        "rule_rows": rule_rows(policy.rules, policy.severity),
        "completions": schema_names(),
    }
    if status == Stale.status:
        # Sending the form again is then a decision about the version that is shown beside it.
        form.see_version(policy.version)
        yours = "\n".join(
            filter(None, (form.cleaned_data["cedar"], rules_text(form.cleaned_data["rules"])))
        )
        context["change"] = changed(queries.body_text(policy), yours)
        context["differing"] = _differing(policy, form)
        context["latest"] = events.list_history(resource_id=str(policy.id)).first()
    return render(request, "policies/edit.html", context, status=status)
