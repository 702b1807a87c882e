"""The audit log's place in the REST interface."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import Row, csv_stream
from apps.kernel.entrypoints.rest import Route
from apps.kernel.tenancy import acting_as, current_actor
from apps.orgs.queries import get_root, get_scope

from .. import queries
from .serializers import EventFilter, EventOut

if TYPE_CHECKING:
    from apps.events.models import Event

CSV_PAGE = 500
HEADER = (
    "id", "occurred_at", "action", "type", "outcome", "actor_kind", "actor_id", "actor_name",
    "is_platform", "channel", "request_id", "resource_type", "resource_id", "resource_name",
    "scope_id", "reason",
)  # fmt: skip


def list_events(**values: Any) -> "QuerySet[Event]":
    """List the events in the scopes whose audit log the caller may view, newest first."""
    return queries.find_audit(_criteria(values))


def view_event(*, event_id: UUID) -> "Event":
    """Return one event."""
    return queries.get_audit(event_id)


def export_events(request: HttpRequest, values: Mapping[str, Any]) -> StreamingHttpResponse:
    """Return every event that meets the filters as a CSV file, page by page."""
    criteria, actor = _criteria(values), current_actor()
    place = get_scope(criteria.scope_id) if criteria.scope_id else get_root()
    authorize("audit.export", place.as_resource())

    def pages() -> Iterator[Sequence[Row]]:
        last: UUID | None = None
        while True:
            with acting_as(actor):
                rows = queries.find_audit(criteria)
                found = list((rows.filter(id__lt=last) if last else rows)[:CSV_PAGE])
            if not found:
                return
            yield [[getattr(event, name) for name in HEADER] for event in found]
            last = found[-1].id

    return csv_stream(name="events", header=HEADER, pages=pages)


def _criteria(values: Mapping[str, Any]) -> queries.Criteria:
    renamed = {("text" if name == "q" else name): value for name, value in values.items()}
    return queries.Criteria(**renamed)


ROUTES = (
    Route(
        method="GET", path="events", name="event.list", call=list_events,
        query=EventFilter, answers=EventOut, order=("-id",), csv=export_events,
    ),
    Route(
        method="GET", path="events/<uuid:event_id>", name="event.view", call=view_event,
        answers=EventOut,
    ),
)  # fmt: skip
