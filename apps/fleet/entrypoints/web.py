"""Pages that enroll agents and end them, and those about the revisions."""

import json
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.pages import signed_in, submit
from apps.kernel.errors import NotFound
from apps.orgs.queries import get_root
from apps.policies import queries as policies

from .. import queries
from ..models import CedarAgent
from ..operations import enroll_agent, revoke_agent, rotate_token
from .agent_page import agent_page
from .forms import EnrollForm, RevokeForm, RotateForm
from .overview import future_agent
from .words import why

REVISION_COLUMNS = (
    {"name": "Revision", "class": "shrink"},
    {"name": "Why"},
    {"name": "Digest", "class": "shrink"},
    {"name": "Published", "class": "shrink"},
)


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def enroll(request: HttpRequest) -> HttpResponse:
    """Enroll an agent and show its token this once."""
    if request.method == "GET":
        authorize("cedar_agent.enroll", future_agent())
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
        return agent_page(request, agent_id, failed=form, status=status)
    return _token_page(request, *rotated, is_new=False)


@require_POST
@signed_in
def revoke(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """End an agent, with a reason."""
    form = RevokeForm(request.POST)
    agent, status = submit(form, revoke_agent, agent_id=agent_id)
    if agent is None:
        return agent_page(request, agent_id, failed=form, status=status)
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
        row.why = why(row.reason)
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
        "why": why(found.reason),
        "bundle": bundle,
        "head": policies.get_head(),
        "parts": [("Policies", found.policies), ("Schema", found.schema),
                  ("Organization", found.entities)],
        "enforcing": queries.list_agents().filter(revision=number),
    }  # fmt: skip
    return render(request, "fleet/revision.html", context)


def _token_page(
    request: HttpRequest, agent: CedarAgent, token: str, *, is_new: bool
) -> HttpResponse:
    commands = _opal_start(token) if agent.is_opal else _start(agent, token)
    context = {"agent": agent, "token": token, "commands": commands, "is_new": is_new}
    return render(request, "fleet/token.html", context)


def _start(agent: CedarAgent, token: str) -> str:
    file = f"{agent.id}.token"
    key = policies.find_signing_key()
    return (
        f"(umask 077; printf %s '{token}' > {file})\n"
        f"aeterna-cedar-agent run --portal {settings.PUBLIC_URL} --token-file {file}"
        f"{f' --portal-key {key.kid}' if key else ''}"
    )


def _opal_start(token: str) -> str:
    # By default the client reports nothing, and without proof of who it is.
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    report = json.dumps({"method": "post", "headers": headers, "process_data": False})
    settings_of_client = {
        "OPAL_SERVER_URL": f"{settings.PUBLIC_URL}/opal",
        "OPAL_CLIENT_TOKEN": token,
        "OPAL_POLICY_STORE_TYPE": "CEDAR",
        "OPAL_POLICY_STORE_URL": "http://127.0.0.1:8180",
        "OPAL_INLINE_CEDAR_ENABLED": "false",
        "OPAL_INLINE_OPA_ENABLED": "false",
        "OPAL_SHOULD_REPORT_ON_DATA_UPDATES": "true",
        "OPAL_DEFAULT_UPDATE_CALLBACK_CONFIG": f"'{report}'",
    }
    lines = [f"export {name}={value}" for name, value in settings_of_client.items()]
    return "\n".join([*lines, "opal-client run"])
