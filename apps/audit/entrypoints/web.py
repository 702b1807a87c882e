"""The audit log: a list with filters in its address, each entry in full, and the log as a file."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.kernel.authorization import Resource, authorize, decide_many
from apps.kernel.entrypoints.csv_export import csv_stream, csv_url, is_csv
from apps.kernel.entrypoints.listing import Page, address, page_of
from apps.kernel.entrypoints.pages import require_actor, signed_in
from apps.kernel.operation import OPERATIONS
from apps.kernel.tenancy import acting_as, current_tenant_id
from apps.orgs.queries import get_scope, list_scopes, permitted_scope_ids

from .. import queries
from .forms import OUTCOMES, PERIODS, read_criteria

if TYPE_CHECKING:
    from apps.events.models import Event

CHUNK = 500
KINDS = ("Scope", "User", "Agent", "Policy", "Proposal", "RoleGrant", "CedarAgent", "Token")
HEADER = (
    "id", "occurred_at", "outcome", "action", "type", "actor_kind", "actor_id", "actor_name",
    "on_behalf_of", "is_platform", "channel", "request_id", "resource_type", "resource_id",
    "resource_name", "scope_id", "reason", "policies", "before", "after",
)  # fmt: skip
LABELS = {
    "q": "Text",
    "actor": "Actor",
    "action": "Action",
    "kind": "Kind",
    "resource": "Object",
    "scope": "Within",
    "outcome": "Outcome",
    "period": "When",
    "since": "From",
    "until": "Until",
    "request_id": "Request",
}


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show what happened, newest first, as the address filters it."""
    if not permitted_scope_ids("audit.view"):
        authorize("audit.view", _company())
    form, criteria = read_criteria(request)
    if is_csv(request):
        return _export(request, criteria)
    page = page_of(request, queries.find_audit(criteria), order=("-id",))
    context = {
        "form": form,
        "bar": _bar(request, criteria, page),
        "page": page,
        "may_export": _may_export(criteria),
        "breadcrumb": [{"name": "Audit"}],
    }
    return render(request, "audit/list.html", context)


@require_safe
@signed_in
def show(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show one entry in full: on a page of its own, or as the part of the list that opened."""
    event = queries.get_audit(event_id)
    authorize("audit.view", _place(event.scope_id))
    if "HX-Request" in request.headers:
        return render(request, "audit/entry_body.html", {"event": event})
    same = queries.list_audit().filter(request_id=event.request_id).exclude(id=event.id)
    context = {
        "event": event,
        "facts": _facts(event),
        "same_request": same[:20],
        "breadcrumb": [{"name": "Audit", "url": "/audit/"}, {"name": event.type}],
    }
    return render(request, "audit/event.html", context)


def _export(request: HttpRequest, criteria: queries.Criteria) -> HttpResponse:
    place = _place(criteria.scope_id) if criteria.scope_id else _company()
    authorize("audit.export", place)
    actor = require_actor(request)

    def pages() -> Iterator[Sequence[Sequence[Any]]]:
        last: UUID | None = None
        while True:
            with acting_as(actor):
                rows = queries.find_audit(criteria)
                found = list((rows.filter(id__lt=last) if last else rows)[:CHUNK])
            if not found:
                return
            yield [_row(event) for event in found]
            last = found[-1].id

    return csv_stream(name="audit", header=HEADER, pages=pages)  # type: ignore[return-value]


def _row(event: "Event") -> list[Any]:
    behalf = "; ".join(str(person.get("name", "")) for person in event.on_behalf_of)
    return [
        "; ".join(event.policies)
        if name == "policies"
        else behalf
        if name == "on_behalf_of"
        else getattr(event, name)
        for name in HEADER
    ]


def _bar(request: HttpRequest, criteria: queries.Criteria, page: Page) -> dict[str, Any]:
    values = {name: request.GET.get(name, "") for name in LABELS}
    shown = {**values, **_readable(criteria, values, page)}
    actions = dict.fromkeys(sorted({*OPERATIONS, values["action"]} - {""}))
    return {
        "search": {"name": "q", "value": values["q"], "placeholder": "Search names and reasons"},
        "filters": [
            _choice("action", "Action", {name: name for name in actions}, values),
            _choice("scope", "Everywhere", _places(values["scope"]), values),
            _choice("outcome", "Outcome", OUTCOMES, values),
            _choice("kind", "Kind", {kind: kind for kind in KINDS}, values),
            _choice("period", "Any time", PERIODS, values),
        ],
        "keep": [
            {"name": name, "value": values[name]}
            for name in ("actor", "resource", "request_id")
            if values[name]
        ],
        "chips": [
            {"name": label, "value": shown[name], "remove_url": address(request, **{name: ""})}
            for name, label in LABELS.items()
            if values[name]
        ],
        "csv_url": csv_url(request),
    }


def _readable(criteria: queries.Criteria, values: dict[str, str], page: Page) -> dict[str, str]:
    """Return the names behind the ids in use, as far as the page itself tells them."""
    found: dict[str, str] = {}
    for event in page.rows[:1]:
        if values["actor"]:
            found["actor"] = event.actor_name
        if values["resource"]:
            found["resource"] = event.resource_name
    if criteria.scope_id:
        found["scope"] = get_scope(criteria.scope_id).name
    if values["period"]:
        found["period"] = PERIODS[values["period"]]
    if values["outcome"]:
        found["outcome"] = OUTCOMES[values["outcome"]]
    return found


def _choice(
    name: str, label: str, options: dict[str, str], values: dict[str, str]
) -> dict[str, Any]:
    drawn = [{"value": value, "text": text} for value, text in options.items()]
    return {"name": name, "label": label, "value": values[name], "options": drawn}


def _places(chosen: str) -> dict[str, str]:
    allowed = set(permitted_scope_ids("audit.view"))
    scopes = [one for one in list_scopes() if str(one.id) in allowed]
    names = {one.id: one.name for one in scopes}
    # Projects are many: one is reached from its own page, then stays offered here.
    ways = {
        str(one.id): " / ".join(names[key] for key in one.path if key in names)
        for one in scopes
        if one.kind != "project" or str(one.id) == chosen
    }
    return dict(sorted(ways.items(), key=lambda item: item[1]))


def _facts(event: "Event") -> list[dict[str, Any]]:
    return [
        {"name": "When", "at": event.occurred_at},
        {"name": "Outcome", "status": "succeeded" if event.outcome == "done" else "denied"},
        {"name": "Action", "value": event.action},
        {"name": "Door", "value": event.channel},
        {"name": "Request", "code": event.request_id, "short": event.request_id[:12]},
        {"name": "Event", "code": str(event.id), "short": str(event.id)[:8]},
    ]


def _may_export(criteria: queries.Criteria) -> bool:
    place = _place(criteria.scope_id) if criteria.scope_id else _company()
    return decide_many("audit.export", [place])[0].allowed


def _place(scope_id: UUID) -> Resource:
    resource: Resource = get_scope(scope_id).as_resource()
    return resource


def _company() -> Resource:
    return _place(current_tenant_id())
