"""The page about one agent: how it stands, and what happened to it in time."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.pages import choice_param, signed_in
from apps.orgs.queries import get_root
from apps.policies import queries as policies

from .. import queries
from ..models import CedarAgent
from ..types import HISTORY
from .forms import RevokeForm

KINDS = {"revisions": "Revisions", "connections": "Connections", "changes": "Changes"}
PAGE = 25


@require_GET
@signed_in
def show(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Show one agent: how it stands, what it answered, and what happened to it."""
    return agent_page(request, agent_id)


def agent_page(
    request: HttpRequest, agent_id: UUID, *, failed: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """Return the page of an agent, with the form that `failed` where there is one."""
    agent = queries.get_agent(agent_id)
    resource = agent.as_resource()
    authorize("fleet.view", resource)
    form = failed if isinstance(failed, RevokeForm) else RevokeForm()
    may = {
        f"can_{verb}": not agent.revoked_at and decide(f"cedar_agent.{verb}", resource).allowed
        for verb in ("rotate", "update", "revoke")
    }
    context = {
        "standing": queries.standing_of(agent),
        "agent": agent,
        "head": policies.get_head(),
        "can_view_decisions": decide("decision.view", get_root().as_resource()).allowed,
        **_history(request, agent),
        **may,
        # An OPAL client knows no lease that could let it work offline.
        "can_update": may["can_update"] and not agent.is_opal,
        "form": form,
        "refusals": failed.non_field_errors() if failed else [],
    }
    return render(request, "fleet/view.html", context, status=status)


def _history(request: HttpRequest, agent: CedarAgent) -> dict[str, Any]:
    """Return what happened to the agent, a page of it; who changed what is for reviewers."""
    can_audit = decide("audit.view", get_root().as_resource()).allowed
    offered = {key: text for key, text in KINDS.items() if can_audit or key != "changes"}
    kind = choice_param(request, "kind", offered)
    types = [name for key in ([kind] if kind else offered) for name in HISTORY[key]]
    page = page_of(
        request, queries.list_agent_events(agent.id, types=types), order=("-id",), size=PAGE
    )
    revisions = {
        event.id: event.after["revision"]
        for event in page.rows
        if event.type == "cedar_agent.acknowledged"
    }
    applied = queries.applied_ms(agent.id, revisions=set(revisions.values()))
    lines = [
        {
            "event": event,
            "after": event.after or {},
            "applied_ms": applied.get(revisions.get(event.id, 0)),
        }
        for event in page.rows
    ]
    return {
        "history": page,
        "lines": lines,
        "kinds": [
            {"key": key, "text": text, "is_on": key == kind}
            for key, text in {"": "Everything", **offered}.items()
        ],
        "can_audit": can_audit,
    }
