"""One scope's pages and everything that is done to it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.pages import act, choice_param, form_page, signed_in
from apps.kernel.errors import NotFound

from ... import operations, queries
from ...models import Scope
from ..forms import ReasonForm, ScopeEditForm, ScopeForm
from .access import QUESTIONS, asked_resource, people_context
from .around import CHILD, crumbs, rights, scope_url

FORM = ["GET", "HEAD", "POST"]
ACTIONS = (
    "scope.update",
    "scope.archive",
    "scope.restore",
    "member.add",
    "member.remove",
    "scope.share",
    "scope.unshare",
    "audit.view",
    "policy.draft",
)
SECTIONS = {
    "": ("Overview", "layout-grid"),
    "people": ("People", "users-round"),
    "agents": ("Agents", "bot"),
    "access": ("Who can do this?", "shield"),
    "history": ("History", "history"),
}


@require_safe
@signed_in
def show(request: HttpRequest, scope_id: UUID, section: str = "") -> HttpResponse:
    """Show one section of a scope's page."""
    scope = visible_scope(scope_id)
    if section not in SECTIONS:
        raise NotFound("There is no such section.")
    filled: dict[str, Callable[[HttpRequest, Scope], dict[str, Any]]] = {
        "": _overview,
        "people": people_context,
        "agents": _agents,
        "access": _access,
        "history": lambda _request, _scope: {},
    }
    context = {**_frame(scope, section), **filled[section](request, scope)}
    return render(request, f"orgs/scope_{section or 'overview'}.html", context)


@require_http_methods(FORM)
@signed_in
def create_organization(request: HttpRequest) -> HttpResponse:
    """Take a new organization."""
    root = visible_scope(queries.get_root().id)
    return _create(request, root, operations.create_organization)


@require_http_methods(FORM)
@signed_in
def create_team(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take a new team."""
    parent = visible_scope(scope_id)
    return _create(request, parent, partial(operations.create_team, parent_id=scope_id))


@require_http_methods(FORM)
@signed_in
def create_project(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take a new project."""
    parent = visible_scope(scope_id)
    return _create(request, parent, partial(operations.create_project, parent_id=scope_id))


@require_http_methods(FORM)
@signed_in
def update(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take another name or description of a scope."""
    scope = visible_scope(scope_id)
    authorize("scope.update", scope.as_resource())
    return form_page(
        request,
        ScopeEditForm,
        "orgs/form.html",
        partial(operations.update_scope, scope_id=scope_id),
        done=lambda changed: (scope_url(scope_id), f"{changed.name} is saved."),
        context={
            "title": f"Edit {scope.name}",
            "verb": "Save",
            "back_url": scope_url(scope_id),
            "breadcrumb": crumbs(scope, "Edit"),
            "fresh": scope,
        },
        initial={
            "name": scope.name,
            "description": scope.description,
            "expected_version": scope.version,
        },
    )


@require_http_methods(FORM)
@signed_in
def archive(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Ask why, and archive a scope with everything below it."""
    scope = visible_scope(scope_id)
    authorize("scope.archive", scope.as_resource())
    return form_page(
        request,
        ReasonForm,
        "orgs/form.html",
        partial(operations.archive_scope, scope_id=scope_id),
        done=lambda done: (
            scope_url(scope_id),
            f"{done.name} and everything below it is archived.",
        ),
        context={
            "title": f"Archive {scope.name}?",
            "lead": "Everything below it is archived too and its agents end. Places and history "
            "can be restored, agents cannot.",
            "verb": "Archive",
            "tone": "danger",
            "back_url": scope_url(scope_id),
            "breadcrumb": crumbs(scope, "Archive"),
        },
    )


@require_POST
@signed_in
def restore(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Bring an archived scope back."""
    return act(
        request,
        lambda: operations.restore_scope(scope_id=scope_id),
        done="It is back, with what was archived with it.",
        next_url=scope_url(scope_id),
    )


def visible_scope(scope_id: UUID) -> Scope:
    """Return a scope the actor may view; raise NotFound or Forbidden."""
    scope = queries.get_scope(scope_id)
    authorize("org.view", scope.as_resource())
    return scope


def _create(request: HttpRequest, parent: Scope, call: Callable[..., Scope]) -> HttpResponse:
    action, kind, _ = CHILD.get(parent.kind, CHILD["team"])
    authorize(action, parent.as_resource())
    return form_page(
        request,
        ScopeForm,
        "orgs/form.html",
        call,
        done=lambda scope: (scope_url(scope.id), f"{scope.name} is created."),
        context={
            "title": f"New {kind} in {parent.name}",
            "verb": f"Create {kind}",
            "back_url": scope_url(parent.id),
            "breadcrumb": crumbs(parent, f"New {kind}"),
        },
    )


def _frame(scope: Scope, here: str) -> dict[str, Any]:
    may = rights(scope.as_resource(), ACTIONS)
    child = CHILD.get(scope.kind)
    if child:
        action, kind, name = child
        places = [scope.id] if action != "org.init" else []
        url = (
            reverse(name, args=places)
            if rights(scope.as_resource(), [action])[action.replace(".", "_")]
            else ""
        )
        may_create = {"kind": kind, "url": url}
    else:
        may_create = {}
    return {
        "scope": scope,
        "may": may,
        "create": may_create,
        "can_restore": scope.archived_with == scope.id and may["scope_restore"],
        "breadcrumb": crumbs(scope),
        "tabs": [
            {
                "name": name,
                "url": scope_url(scope.id, key),
                "icon": icon,
                "active": key == here,
            }
            for key, (name, icon) in SECTIONS.items()
        ]
        + [
            {
                "name": "Policies that hold",
                # The pages of policies stand on a floor above this one.
                "url": f"/policies/effective/{scope.id}/",
                "icon": "layers",
                "active": False,
            }
        ],
    }


def _overview(_request: HttpRequest, scope: Scope) -> dict[str, Any]:
    heads, agents = queries.headcounts(), queries.agent_counts()
    slugs = {one.id: one.slug for one in queries.list_scopes(include_archived=True)}
    return {
        "children": [
            {"scope": one, "people": heads.get(one.id, 0), "agents": agents.get(one.id, 0)}
            for one in queries.list_children(scope.id)
        ],
        "people": heads.get(scope.id, 0),
        "agents": agents.get(scope.id, 0),
        "facts": [
            {"name": "Kind", "value": scope.kind.capitalize()},
            {"name": "Path", "code": "/".join(slugs[key] for key in scope.path if key in slugs)},
            {"name": "Created", "at": scope.created_at},
            {"name": "Version", "value": scope.version},
        ],
    }


def _agents(_request: HttpRequest, scope: Scope) -> dict[str, Any]:
    within = queries.scope_ids_within(scope.id)
    rows = queries.list_agents().filter(scope_id__in=within)
    return {
        "can_register": queries.may_register_agent(scope_id=scope.id),
        "rows": rows[:200],
        "total": rows.count(),
        "moment": clock.now(),
    }


def _access(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    action = choice_param(request, "action", {key: text for key, text, _ in QUESTIONS})
    context: dict[str, Any] = {"questions": QUESTIONS, "chosen": action}
    if action:
        context["answers"] = queries.who_may(
            action.partition(":")[0], asked_resource(action, scope)
        )
        context["question"] = next(text for key, text, _ in QUESTIONS if key == action)
    return context
