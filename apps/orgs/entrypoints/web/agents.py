"""Agents: software that acts for people, its delegation drawn, registering and revoking it."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, filter_bar, page_of
from apps.kernel.entrypoints.pages import (
    choice_param,
    form_page,
    require_actor,
    signed_in,
    text_param,
)

from ... import operations, queries
from ...models import Agent
from ..forms import AgentForm, DelegateForm, ReasonForm
from .around import agent_crumbs, agent_state, rights, sections

FORM = ["GET", "HEAD", "POST"]
STATES = {"all": "Ended too", "ended": "Ended only"}
OWNERS = {"me": "Mine"}
HEADER = (
    "id", "name", "owner", "scope", "capabilities", "max_severity", "depth", "state",
    "created_at", "expires_at", "revoked_at",
)  # fmt: skip
COLUMNS = (
    {"name": "Agent"},
    {"name": "State", "class": "shrink"},
    {"name": "Acts for"},
    {"name": "Works in"},
    {"name": "May", "class": "hide-phone"},
    {"name": "Ends", "class": "shrink"},
)
ACTIONS = ("agent.revoke", "agent.delegate")


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the agents in the places the actor may see."""
    rows, moment = _filtered(request), clock.now()
    if is_csv(request):
        return csv_file(name="agents", header=HEADER, rows=(_row(one, moment) for one in rows))
    page = page_of(request, rows, order=("name", "id"))
    filters = [Filter("owner", "Everybody's", OWNERS), Filter("state", "Live only", STATES)]
    context = {
        "bar": filter_bar(request, placeholder="Search agents or people", filters=filters),
        "sections": sections("agents"),
        "columns": COLUMNS,
        "rows": [{"agent": one, "state": agent_state(one, moment)} for one in page.rows],
        "page": page,
        "total": rows.count(),
        "can_register": queries.may_register_agent(),
        "breadcrumb": [*agent_crumbs()[:1], {"name": "Agents"}],
    }
    return render(request, "orgs/agents.html", context)


@require_safe
@signed_in
def show(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Show one agent: for whom it acts, what it may do, whom it delegated to, its history."""
    agent = _visible(agent_id)
    moment = clock.now()
    may = rights(agent.as_resource(), ACTIONS)
    is_live = agent_state(agent, moment) == "active"
    context = {
        "agent": agent,
        "state": agent_state(agent, moment),
        "chain": [
            {"agent": one, "state": agent_state(one, moment), "is_here": one.id == agent.id}
            for one in reversed(queries.list_chain(agent))
        ],
        "below": [
            {"agent": one, "state": agent_state(one, moment)}
            for one in queries.list_descendants([agent.id])
        ],
        "can_revoke": agent.revoked_at is None and may["agent_revoke"],
        "can_delegate": is_live and agent.depth < agent.max_depth and may["agent_delegate"],
        "breadcrumb": agent_crumbs(agent.name),
    }
    return render(request, "orgs/agent.html", context)


@require_http_methods(FORM)
@signed_in
def register(request: HttpRequest) -> HttpResponse:
    """Take a new agent of the person who asks."""
    return form_page(
        request,
        AgentForm,
        "orgs/agent_form.html",
        operations.register_agent,
        done=lambda agent: (_url(agent.id), f"{agent.name} acts for you now."),
        context={
            "title": "Register an agent",
            "lead": "It acts for you: never more than you may, only what you give it, only until "
            "it ends.",
            "verb": "Register",
            "back_url": reverse("orgs:agents"),
            "breadcrumb": agent_crumbs("Register"),
        },
    )


@require_http_methods(FORM)
@signed_in
def delegate(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Take another agent to which this one delegates a part of what it holds."""
    parent = _visible(agent_id)
    authorize("agent.delegate", parent.as_resource())
    return form_page(
        request,
        partial(DelegateForm, capabilities=parent.capabilities),
        "orgs/agent_form.html",
        partial(operations.delegate_agent, parent_id=agent_id),
        done=lambda agent: (_url(agent.id), f"{parent.name} delegated to {agent.name}."),
        context={
            "title": f"Delegate from {parent.name}",
            "lead": "Never more than it holds itself, and never for longer.",
            "verb": "Delegate",
            "back_url": _url(agent_id),
            "breadcrumb": agent_crumbs(parent.name, "Delegate"),
        },
        initial={"scope_id": parent.scope_id},
    )


@require_http_methods(FORM)
@signed_in
def revoke(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Ask why, and revoke an agent with everything it delegated to."""
    agent = _visible(agent_id)
    authorize("agent.revoke", agent.as_resource())
    return form_page(
        request,
        ReasonForm,
        "orgs/form.html",
        partial(operations.revoke_agent, agent_id=agent_id),
        done=lambda done: (_url(agent_id), f"{done.name} is revoked, with all it delegated to."),
        context={
            "title": f"Revoke {agent.name}?",
            "lead": "It and every agent it delegated to may do nothing from now on. This cannot "
            "be undone.",
            "verb": "Revoke",
            "tone": "danger",
            "back_url": _url(agent_id),
            "breadcrumb": agent_crumbs(agent.name, "Revoke"),
        },
    )


def _visible(agent_id: UUID) -> Agent:
    agent = queries.get_agent(agent_id)
    authorize("agent.view", agent.as_resource())
    return agent


def _filtered(request: HttpRequest) -> Any:
    state, owner = choice_param(request, "state", STATES), choice_param(request, "owner", OWNERS)
    text = text_param(request, "q")
    mine = UUID(require_actor(request).principal.id) if owner else None
    rows = queries.list_agents(owner_id=mine, live_only=not state)
    if state == "ended":
        rows = rows.exclude(id__in=queries.list_agents().order_by().values("id"))
    if text:
        rows = rows.filter(name__icontains=text) | rows.filter(owner__name__icontains=text)
    return rows


def _row(agent: Agent, moment: Any) -> list[Any]:
    return [
        agent.id,
        agent.name,
        agent.owner.name,
        agent.scope.name,
        " ".join(agent.capabilities),
        agent.max_severity,
        agent.depth,
        agent_state(agent, moment),
        agent.created_at,
        agent.expires_at,
        agent.revoked_at,
    ]


def _url(agent_id: UUID) -> str:
    return reverse("orgs:agent", args=[agent_id])
