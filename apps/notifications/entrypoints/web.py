"""The inbox: what somebody was told, newest first."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.listing import Filter, address, filter_bar, page_of
from apps.kernel.entrypoints.pages import choice_param, signed_in

from .. import queries
from ..models import Notification
from ..operations import read_all_notifications, read_notification

SHOWN = {"unread": "Unread only"}
HEADER = ("created_at", "kind", "subject", "path", "read_at")
COLUMNS = (
    {"name": "What"},
    {"name": "State", "class": "shrink"},
    {"name": "When", "class": "shrink"},
)


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show what the person was told."""
    chosen = choice_param(request, "show", SHOWN)
    rows = queries.list_notifications(unread=chosen == "unread")
    if is_csv(request):
        return csv_file(name="inbox", header=HEADER, rows=map(_csv_row, rows))
    context = {
        "page": page_of(request, rows, order=("-id",)),
        "bar": filter_bar(
            request, placeholder="", filters=[Filter("show", "Read and unread", SHOWN)]
        ),
        "clear_url": address(request, show=""),
        "unread": queries.count_unread(),
        "columns": COLUMNS,
        "breadcrumb": [{"name": "Inbox"}],
    }
    return render(request, "notifications/list.html", context)


@require_POST
@signed_in
def open_notification(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Note that it was read, and go where it leads."""
    row = read_notification(notification_id=notification_id)
    return redirect(row.path)


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    """Note that everything was read."""
    count = read_all_notifications()
    messages.success(request, f"{count} marked as read." if count else "Nothing was unread.")
    return redirect("notifications:list")


def _csv_row(row: Notification) -> tuple[Any, ...]:
    return row.created_at, row.kind, row.subject, row.path, row.read_at
