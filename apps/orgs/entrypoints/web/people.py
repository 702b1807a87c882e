"""The people of the company and the page of each."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, filter_bar, page_of
from apps.kernel.entrypoints.pages import act, choice_param, form_page, signed_in, text_param

from ... import operations, queries
from ...models import User
from ...types import ROLE_ORDER, ROLE_TITLES, Role
from ..forms import PersonEditForm, PersonForm, ReasonForm
from .around import agent_state, people_crumbs, person_facts, rights, sections

FORM = ["GET", "HEAD", "POST"]
ROLES = {role.value: ROLE_TITLES[role] for role in ROLE_ORDER}
STATES = {"all": "Deactivated too", "gone": "Deactivated only"}
HEADER = ("id", "name", "email", "title", "roles", "places", "created_at", "deactivated_at")
COLUMNS = (
    {"name": "Person"},
    {"name": "Roles"},
    {"name": "Works in"},
    {"name": "Title", "class": "hide-phone"},
)
ACTIONS = ("user.update", "user.deactivate", "user.reactivate")


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the people whom the actor may see."""
    rows = _filtered(request)
    if is_csv(request):
        return csv_file(name="people", header=HEADER, rows=_rows(list(rows)))
    page = page_of(request, rows, order=("name", "id"))
    filters = [Filter("role", "Role", ROLES), Filter("state", "Active only", STATES)]
    context = {
        "bar": filter_bar(request, placeholder="Search name or e-mail", filters=filters),
        "sections": sections("people"),
        "columns": COLUMNS,
        "rows": _told(page.rows),
        "page": page,
        "total": rows.count(),
        "may": rights(queries.get_root().as_resource(), ["user.register"]),
        "breadcrumb": [*people_crumbs()[:1], {"name": "People"}],
    }
    return render(request, "orgs/people.html", context)


@require_safe
@signed_in
def show(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Show one person: roles, places, agents, history."""
    user = _visible(user_id)
    moment, visible = clock.now(), queries.permitted_at("org.view", "scope_id")
    agents = queries.list_agents(owner_id=user.id, live_only=False)
    context = {
        "person": user,
        "facts": person_facts(user),
        "grants": queries.list_grants(user_id=user.id).filter(visible),
        "memberships": queries.list_memberships(user_id=user.id).filter(visible),
        "agents": [{"agent": one, "state": agent_state(one, moment)} for one in agents],
        "may": rights(user.as_resource(), ACTIONS),
        "breadcrumb": people_crumbs(user.name),
    }
    return render(request, "orgs/person.html", context)


@require_http_methods(FORM)
@signed_in
def register(request: HttpRequest) -> HttpResponse:
    """Take a new person."""
    authorize("user.register", queries.get_root().as_resource())
    return form_page(
        request,
        PersonForm,
        "orgs/form.html",
        operations.register_user,
        done=lambda user: (_url(user.id), f"{user.name} is registered, with no role yet."),
        context={
            "title": "Register a person",
            "lead": "They hold no role until one is granted, and sign in through your provider.",
            "verb": "Register",
            "back_url": reverse("orgs:people"),
            "breadcrumb": people_crumbs("Register"),
        },
    )


@require_http_methods(FORM)
@signed_in
def update(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Take another name or title of a person."""
    user = _visible(user_id)
    authorize("user.update", user.as_resource())
    return form_page(
        request,
        PersonEditForm,
        "orgs/form.html",
        partial(operations.update_user, user_id=user_id),
        done=lambda changed: (_url(user_id), f"{changed.name} is saved."),
        context={
            "title": f"Edit {user.name}",
            "verb": "Save",
            "back_url": _url(user_id),
            "breadcrumb": people_crumbs(user.name, "Edit"),
            "fresh": user,
        },
        initial={"name": user.name, "title": user.title, "expected_version": user.version},
    )


@require_http_methods(FORM)
@signed_in
def deactivate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Ask why, and end a person's access."""
    user = _visible(user_id)
    authorize("user.deactivate", user.as_resource())
    return form_page(
        request,
        ReasonForm,
        "orgs/form.html",
        partial(operations.deactivate_user, user_id=user_id),
        done=lambda done: (_url(user_id), f"{done.name} and their agents have no access any more."),
        context={
            "title": f"Deactivate {user.name}?",
            "lead": "Their sessions and tokens stop at once and all their agents end. Their "
            "history stays.",
            "verb": "Deactivate",
            "tone": "danger",
            "back_url": _url(user_id),
            "breadcrumb": people_crumbs(user.name, "Deactivate"),
        },
    )


@require_POST
@signed_in
def reactivate(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Let a person back in."""
    return act(
        request,
        lambda: operations.reactivate_user(user_id=user_id),
        done="They are back, with the roles they still hold.",
        next_url=_url(user_id),
    )


def _visible(user_id: UUID) -> User:
    user = queries.get_user(user_id)
    queries.authorize_person(user)
    return user


def _filtered(request: HttpRequest) -> Any:
    state, role = choice_param(request, "state", STATES), choice_param(request, "role", ROLES)
    rows = queries.list_visible_users(
        text=text_param(request, "q"), include_deactivated=bool(state)
    )
    if state == "gone":
        rows = rows.filter(deactivated_at__isnull=False)
    if role:
        holders = queries.list_grants().filter(role=role).order_by()
        rows = rows.filter(id__in=holders.values("user_id"))
    return rows


def _told(users: list[User]) -> list[dict[str, Any]]:
    ids = [user.id for user in users]
    roles, places = queries.roles_of(ids), queries.places_of(ids)
    return [
        {"person": user, "grants": roles.get(user.id, []), "places": places.get(user.id, [])}
        for user in users
    ]


def _rows(users: list[User]) -> list[list[Any]]:
    return [
        [
            row["person"].id,
            row["person"].name,
            row["person"].email,
            row["person"].title,
            "; ".join(f"{ROLE_TITLES[Role(g.role)]} at {g.scope.name}" for g in row["grants"]),
            "; ".join(place.scope.name for place in row["places"]),
            row["person"].created_at,
            row["person"].deactivated_at,
        ]
        for row in _told(users)
    ]


def _url(user_id: UUID) -> str:
    return reverse("orgs:person", args=[user_id])
