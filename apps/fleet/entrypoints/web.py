"""Pages about the fleet: every Cedar agent against the newest revision, and the revisions."""

import re
from collections import Counter
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kernel.authorization import Resource, authorize, decide
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.pages import signed_in, submit
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_tenant_id
from apps.orgs.queries import get_root
from apps.policies import queries as policies

from .. import queries
from ..models import CedarAgent
from ..operations import enroll_agent, revoke_agent, rotate_token
from ..types import AgentHealth
from .forms import EnrollForm, RevokeForm, RotateForm

COLUMNS = (
    {"name": "Agent"},
    {"name": "Health", "class": "shrink"},
    {"name": "Revision", "class": "num shrink"},
    {"name": "Behind", "class": "num shrink"},
    {"name": "Version", "class": "shrink"},
    {"name": "Last heartbeat", "class": "shrink"},
)
CSV_HEADER = (
    "id", "name", "health", "revision", "lag", "agent_version", "cedar_version",
    "last_heartbeat_at", "refusal",
)  # fmt: skip
REVISION_COLUMNS = (
    {"name": "Revision", "class": "shrink"},
    {"name": "Why"},
    {"name": "Digest", "class": "shrink"},
    {"name": "Published", "class": "shrink"},
)


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show every agent against the newest revision."""
    root = get_root().as_resource()
    authorize("fleet.view", root)
    fleet = queries.fleet()
    if is_csv(request):
        return csv_file(name="fleet", header=CSV_HEADER, rows=map(_csv_row, fleet.standings))
    total = len(fleet.standings)
    latest = policies.list_revisions().first()
    revoked = queries.list_agents(include_revoked=True).filter(revoked_at__isnull=False)
    context = {
        "fleet": fleet,
        "total": total,
        "of_total": f"of {total}",
        "attention": _attention(fleet),
        "latest_words": _why(latest.reason) if latest else "None published yet",
        "revoked": revoked,
        "columns": COLUMNS,
        "csv_url": csv_url(request),
        "can_view_decisions": decide("decision.view", root).allowed,
        "lease_rules": queries.lease_rules(),
        "can_configure_leases": decide("lease.configure", root).allowed,
        "key": policies.find_signing_key(),
        "can_enroll": decide("cedar_agent.enroll", _future_agent()).allowed,
    }
    return render(request, "fleet/list.html", context)


@require_GET
@signed_in
def show(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Show one agent: how it stands, what it answered, and what happened to it."""
    return _page(request, agent_id)


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def enroll(request: HttpRequest) -> HttpResponse:
    """Enroll an agent and show its token this once."""
    if request.method == "GET":
        authorize("cedar_agent.enroll", _future_agent())
        return render(request, "fleet/enroll.html", {"form": EnrollForm()})
    form = EnrollForm(request.POST)
    enrolled, status = submit(form, enroll_agent)
    if enrolled is None:
        return render(request, "fleet/enroll.html", {"form": form}, status=status)
    return _token_page(request, *enrolled, is_new=True)


@require_POST
@never_cache
@signed_in
def rotate(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Give an agent a new token and show it this once."""
    form = RotateForm({})
    rotated, status = submit(form, rotate_token, agent_id=agent_id)
    if rotated is None:
        return _page(request, agent_id, failed=form, status=status)
    return _token_page(request, *rotated, is_new=False)


@require_POST
@signed_in
def revoke(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """End an agent, with a reason."""
    form = RevokeForm(request.POST)
    agent, status = submit(form, revoke_agent, agent_id=agent_id)
    if agent is None:
        return _page(request, agent_id, failed=form, status=status)
    messages.success(request, f"{agent.name} is ended: its token is refused from now on.")
    return redirect("fleet:view", agent_id=agent_id)


@require_GET
@signed_in
def revisions(request: HttpRequest) -> HttpResponse:
    """Show the revisions that were published, newest first."""
    authorize("fleet.view", get_root().as_resource())
    rows = policies.list_revisions()
    if is_csv(request):
        header = ("number", "digest", "reason", "published_at")
        table = rows.values_list(*header)
        return csv_file(name="revisions", header=header, rows=table)
    page = page_of(request, rows, order=("-number",))
    for row in page.rows:
        row.why = _why(row.reason)
    context = {
        "page": page,
        "columns": REVISION_COLUMNS,
        "csv_url": csv_url(request),
        "head": policies.get_head(),
    }
    return render(request, "fleet/revisions.html", context)


@require_GET
@signed_in
def revision(request: HttpRequest, number: int) -> HttpResponse:
    """Show one revision: its policies, its digests and who enforces it."""
    authorize("fleet.view", get_root().as_resource())
    row = policies.list_revisions().filter(number=number)
    found = row.select_related("policies", "schema", "entities").first()
    if found is None:
        raise NotFound(f"There is no revision {number}.")
    bundle = policies.load_bundle(number)
    context = {
        "revision": found,
        "why": _why(found.reason),
        "bundle": bundle,
        "head": policies.get_head(),
        "parts": [("Policies", found.policies), ("Schema", found.schema),
                  ("Organization", found.entities)],
        "enforcing": queries.list_agents().filter(revision=number),
    }  # fmt: skip
    return render(request, "fleet/revision.html", context)


def _page(
    request: HttpRequest, agent_id: UUID, *, failed: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    agent = queries.get_agent(agent_id)
    resource = agent.as_resource()
    authorize("fleet.view", resource)
    form = failed if isinstance(failed, RevokeForm) else RevokeForm()
    context = {
        "standing": queries.standing_of(agent),
        "agent": agent,
        "head": policies.get_head(),
        "can_view_decisions": decide("decision.view", get_root().as_resource()).allowed,
        "answers": queries.list_acknowledgements(agent.id)[:50],
        "can_rotate": not agent.revoked_at and decide("cedar_agent.rotate", resource).allowed,
        "can_update": not agent.revoked_at and decide("cedar_agent.update", resource).allowed,
        "can_revoke": not agent.revoked_at and decide("cedar_agent.revoke", resource).allowed,
        "form": form,
        "refusals": failed.non_field_errors() if failed else [],
    }
    return render(request, "fleet/view.html", context, status=status)


def _token_page(
    request: HttpRequest, agent: CedarAgent, token: str, *, is_new: bool
) -> HttpResponse:
    file = f"{agent.id}.token"
    key = policies.find_signing_key()
    commands = (
        f"(umask 077; printf %s '{token}' > {file})\n"
        f"aeterna-cedar-agent run --portal {settings.PUBLIC_URL} --token-file {file}"
        f"{f' --portal-key {key.kid}' if key else ''}"
    )
    context = {"agent": agent, "token": token, "commands": commands, "is_new": is_new}
    return render(request, "fleet/token.html", context)


def _attention(fleet: queries.Fleet) -> list[dict[str, Any]]:
    counts = Counter(standing.health for standing in fleet.standings)
    behind = counts[AgentHealth.BEHIND] + counts[AgentHealth.REFUSED]
    away = counts[AgentHealth.OFFLINE] + counts[AgentHealth.NEVER]
    refused = f"{counts[AgentHealth.REFUSED]} refused it" if behind else "none"
    return [
        {"label": "Behind", "value": behind, "icon": "clock", "note": refused,
         "tone": "warning" if behind else ""},
        {"label": "Not connected", "value": away, "icon": "wifi-off",
         "note": "go on with what they have" if away else "none",
         "tone": "warning" if away else ""},
    ]  # fmt: skip


def _why(reason: str) -> str:
    """Return a revision's reason as people say it; an event's name loses its dot."""
    is_event = re.fullmatch(r"[a-z_]+\.[a-z_]+", reason)
    return re.sub(r"[._]", " ", reason).capitalize() if is_event else reason


def _future_agent() -> Resource:
    # Nobody's id yet: whether an agent may be enrolled is decided by where it will belong.
    tenant_id = str(current_tenant_id())
    return Resource(type="CedarAgent", id="new", name="a new agent", scope_id=tenant_id)


def _csv_row(standing: queries.Standing) -> tuple[Any, ...]:
    agent = standing.agent
    return (
        agent.id, agent.name, standing.health.value, agent.revision, standing.lag,
        agent.agent_version, agent.cedar_version, agent.last_heartbeat_at, agent.refusal,
    )  # fmt: skip
