"""The page about the whole fleet: how far the newest revision has come, and every agent."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.kernel.authorization import Resource, authorize, decide
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, address, filter_bar, page_of
from apps.kernel.entrypoints.pages import choice_param, signed_in, text_param
from apps.kernel.tenancy import current_tenant_id
from apps.orgs.queries import get_root
from apps.policies import queries as policies

from .. import queries
from ..models import CedarAgent
from ..queries import FleetCriteria, Standing
from ..types import AgentHealth
from .words import HEALTH, why

COLUMNS = (
    ("Agent", "", "name"),
    ("Health", "shrink", ""),
    ("Decisions", "shrink", ""),
    ("Revision", "num shrink", "revision"),
    ("Behind", "num shrink", ""),
    ("Refusals", "num shrink hide-phone", ""),
    ("Version", "shrink hide-phone", ""),
    ("Last heartbeat", "shrink", "heard_at"),
    ("", "shrink", ""),
)
SORTS = {f"{sign}{name}": name for _, _, name in COLUMNS if name for sign in ("", "-")}
CSV_HEADER = (
    "id", "name", "health", "staleness", "revision", "lag", "behind_seconds", "behind_since",
    "agent_version", "cedar_version", "last_heartbeat_at", "refusals", "refused_revision",
    "refusal", "out_of_date_since", "protocol",
)  # fmt: skip
SEGMENTS = (
    (AgentHealth.CURRENT, "success", "serve it"),
    (AgentHealth.REFUSED, "error", "refused it"),
    (AgentHealth.BEHIND, "warning", "behind"),
    (AgentHealth.OFFLINE, "muted", "offline"),
    (AgentHealth.NEVER, "faint", "never connected"),
)


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show how far the newest revision has come, and the agents that the address asks for."""
    root = get_root().as_resource()
    authorize("fleet.view", root)
    sort = choice_param(request, "sort", SORTS) or "name"
    criteria = FleetCriteria(
        name=text_param(request, "q"), health=choice_param(request, "health", HEALTH)
    )
    found = queries.find_agents(criteria)
    if is_csv(request):
        return csv_file(name="fleet", header=CSV_HEADER, rows=_table(found.order_by(sort, "id")))
    page = page_of(request, found, order=(sort, "id"))
    filters = [Filter("health", "Any health", HEALTH)]
    context = {
        **_convergence(),
        "bar": filter_bar(request, placeholder="Search agents", filters=filters),
        "page": page,
        "rows": queries.standings_of(page.rows),
        "columns": _columns(request, sort),
        "can_view_decisions": decide("decision.view", root).allowed,
        "lease_rules": queries.lease_rules(),
        "can_configure_leases": decide("lease.configure", root).allowed,
        "key": policies.find_signing_key(),
        "glasses": policies.visible_break_glasses(),
        **{f"can_{verb}": _may(verb) for verb in ("enroll", "rotate", "revoke")},
    }
    return render(request, "fleet/list.html", context)


def future_agent() -> Resource:
    """Return an agent that nobody enrolled yet: what is decided of it is so by where it belongs."""
    tenant_id = str(current_tenant_id())
    return Resource(type="CedarAgent", id="new", name="a new agent", scope_id=tenant_id)


def _may(verb: str) -> bool:
    return decide(f"cedar_agent.{verb}", future_agent()).allowed


def _convergence() -> dict[str, Any]:
    state = queries.convergence()
    latest = policies.list_revisions().first()
    revoked = queries.find_agents(FleetCriteria(health=AgentHealth.REVOKED))
    return {
        "fleet": state,
        "segments": _segments(state.counts),
        "paces": [{"pace": one, "why": why(one.reason)} for one in queries.list_paces()],
        "of_total": f"of {state.total}",
        "attention": _attention(state.counts),
        "latest_words": why(latest.reason) if latest else "None published yet",
        "revoked": revoked.count(),
    }


def _segments(counts: Counter[AgentHealth]) -> list[dict[str, Any]]:
    """Return the parts of the bar, each with where it starts, in agents."""
    found, start = [], 0
    for health, tone, words in SEGMENTS:
        if counts[health]:
            found.append(
                {"health": health, "tone": tone, "words": words, "count": counts[health],
                 "start": start}
            )  # fmt: skip
            start += counts[health]
    return found


def _attention(counts: Counter[AgentHealth]) -> list[dict[str, Any]]:
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


def _columns(request: HttpRequest, sort: str) -> list[dict[str, str]]:
    found = []
    for title, css, field in COLUMNS:
        column = {"name": title, "class": css}
        if field:
            is_up = sort == field
            column["sort_url"] = address(request, sort=f"-{field}" if is_up else field)
            column["sorted"] = "asc" if is_up else "desc" if sort == f"-{field}" else ""
        found.append(column)
    return found


def _table(agents: QuerySet[CedarAgent]) -> Iterator[tuple[Any, ...]]:
    for standing in queries.standings_of(list(agents)):
        yield _csv_row(standing)


def _csv_row(standing: Standing) -> tuple[Any, ...]:
    agent = standing.agent
    return tuple(
        getattr(standing if hasattr(standing, name) else agent, name) for name in CSV_HEADER
    )
