"""Pages about what agents decided: the log with its filters, one decision's why, and the rules."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.csv_export import csv_stream, is_csv
from apps.kernel.entrypoints.listing import Filter, filter_bar, page_of
from apps.kernel.entrypoints.pages import form_page, require_actor, signed_in
from apps.kernel.errors import Invalid
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import get_root

from .. import queries
from ..models import Decision, DecisionLogRules
from ..operations import configure_decision_log
from ..queries import DecisionCriteria
from .forms import DECISIONS, DecisionCriteriaForm, DecisionLogForm

ORDER = ("-decided_at", "-id")
CHUNK = 500
COLUMNS = (
    {"name": "Principal"},
    {"name": "Action"},
    {"name": "Resource"},
    {"name": "Decision", "class": "shrink"},
    {"name": "Agent", "class": "shrink"},
    {"name": "When", "class": "shrink"},
)
HEADER = (
    "id", "decided_at", "principal", "action", "resource", "decision", "agent_id", "revision",
    "staleness", "reason", "errors",
)  # fmt: skip
TEXTS = {"principal": "Principal", "action": "Action", "resource": "Resource"}


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show what agents decided, newest first, as the address filters it."""
    root = get_root().as_resource()
    authorize("decision.view", root)
    form, criteria = _read(request)
    if is_csv(request):
        return _export(request, criteria)
    agents = {str(one.id): one.name for one in queries.list_agents(include_revoked=True)}
    context = {
        "form": form,
        "bar": _bar(request, agents),
        "page": page_of(request, queries.find_decisions(criteria), order=ORDER),
        "columns": COLUMNS,
        "dropped": sum(one.decisions_dropped for one in queries.list_agents()),
        "rules": queries.decision_log_rules(),
        "can_configure": decide("decision.configure", root).allowed,
    }
    return render(request, "fleet/decisions.html", context)


@require_GET
@signed_in
def show(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """Show why one decision was made: the policies, the revision, the input and its age."""
    authorize("decision.view", get_root().as_resource())
    decision = queries.get_decision(decision_id)
    context = {
        "decision": decision,
        "determining": queries.determining_policies(decision),
        "input": json.dumps(decision.context, indent=2, ensure_ascii=False, sort_keys=True),
        "entities": json.dumps(decision.request_entities, indent=2, ensure_ascii=False)
        if decision.request_entities
        else "",
    }
    return render(request, "fleet/decision.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def configure(request: HttpRequest) -> HttpResponse:
    """Show the rules of the decision log, or set them."""
    authorize("decision.configure", get_root().as_resource())
    rules = queries.decision_log_rules()
    initial = {
        "sample_percent": rules.sample_percent,
        "keep_days": rules.keep_days,
        "masked": "\n".join(rules.masked),
    }
    return form_page(
        request,
        DecisionLogForm,
        "fleet/decision_log.html",
        configure_decision_log,
        done=_configured,
        initial=initial,
    )


def _configured(_rules: DecisionLogRules) -> tuple[str, str]:
    return reverse("fleet:decisions"), "Agents follow it from their next heartbeat on."


def _read(request: HttpRequest) -> tuple[DecisionCriteriaForm, DecisionCriteria]:
    form = DecisionCriteriaForm(request.GET)
    if not form.is_valid():
        errors = form.errors.get_json_data()
        raise Invalid(fields={name: [str(e["message"]) for e in errors[name]] for name in errors})
    values = dict(form.cleaned_data)
    return form, DecisionCriteria(agent_id=values.pop("agent"), **values)


def _bar(request: HttpRequest, agents: dict[str, str]) -> Any:
    filters = (
        Filter("decision", "Any decision", DECISIONS),
        Filter("agent", "Every agent", agents),
    )
    extra = {**TEXTS, "since": "From", "until": "Until"}
    return filter_bar(request, placeholder="", filters=filters, extra=extra)


def _export(request: HttpRequest, criteria: DecisionCriteria) -> HttpResponse:
    actor = require_actor(request)

    def pages() -> Iterator[Sequence[Sequence[Any]]]:
        last: Decision | None = None
        while True:
            with acting_as(actor):
                found = list(queries.decisions_after(criteria, last=last)[:CHUNK])
            if not found:
                return
            yield [_row(decision) for decision in found]
            last = found[-1]

    return csv_stream(name="decisions", header=HEADER, pages=pages)  # type: ignore[return-value]


def _row(decision: Decision) -> list[Any]:
    lists = {"reason": decision.reason, "errors": decision.errors}
    return ["; ".join(lists[name]) if name in lists else getattr(decision, name) for name in HEADER]
