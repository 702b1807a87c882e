"""Dead letters: deliveries that gave up, why, and what an operator does about them."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.kernel.authorization import Resource, authorize
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.form import ReasonForm
from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.pages import act, form_page, signed_in
from apps.kernel.tenancy import current_tenant_id

from .. import operations, queries
from ..models import Delivery

FORM = ["GET", "HEAD", "POST"]
HEADER = ("id", "handler", "event", "event_id", "object", "attempts", "last_error", "occurred_at")
COLUMNS = (
    {"name": "What could not be delivered"},
    {"name": "To"},
    {"name": "Error"},
    {"name": "Attempts", "class": "num shrink"},
    {"name": "Happened", "class": "shrink"},
)


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the deliveries that gave up."""
    authorize("dead_letter.view", _company())
    rows = queries.list_dead_letters()
    if is_csv(request):
        return csv_file(name="dead-letters", header=HEADER, rows=map(_row, rows))
    page = page_of(request, rows, order=("-id",))
    context = {
        "columns": COLUMNS,
        "rows": page.rows,
        "page": page,
        "total": rows.count(),
        "csv_url": csv_url(request),
        "breadcrumb": [{"name": "Dead letters"}],
    }
    return render(request, "events/dead_letters.html", context)


@require_safe
@signed_in
def show(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Show one delivery: its event, its handler, its last error."""
    delivery = _visible(delivery_id)
    context = {"delivery": delivery, "event": delivery.event, "breadcrumb": _crumbs(delivery)}
    return render(request, "events/dead_letter.html", context)


@require_POST
@signed_in
def replay(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Queue a dead delivery again."""
    return act(
        request,
        lambda: operations.replay_delivery(delivery_id=delivery_id),
        done="It is queued again. If it fails 8 more times it comes back here.",
        next_url=reverse("events:dead_letter.view"),
    )


@require_http_methods(FORM)
@signed_in
def discard(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Ask why, and give a delivery up for good."""
    delivery = _visible(delivery_id)
    return form_page(
        request,
        ReasonForm,
        "events/discard.html",
        partial(operations.discard_delivery, delivery_id=delivery_id),
        done=lambda _: (reverse("events:dead_letter.view"), "It is given up, on record."),
        context={"delivery": delivery, "breadcrumb": [*_crumbs(delivery), {"name": "Discard"}]},
    )


def _visible(delivery_id: UUID) -> Delivery:
    authorize("dead_letter.view", _company())
    return queries.get_delivery(delivery_id)


def _company() -> Resource:
    tenant = str(current_tenant_id())
    return Resource(type="Scope", id=tenant, name="the company", scope_id=tenant)


def _crumbs(delivery: Delivery) -> list[dict[str, str]]:
    url = reverse("events:dead_letter", args=[delivery.id])
    index_url = reverse("events:dead_letter.view")
    return [{"name": "Dead letters", "url": index_url}, {"name": delivery.handler, "url": url}]


def _row(delivery: Delivery) -> list[Any]:
    event = delivery.event
    return [
        delivery.id,
        delivery.handler,
        event.type,
        event.id,
        event.resource_name,
        delivery.attempts,
        delivery.last_error,
        event.occurred_at,
    ]
