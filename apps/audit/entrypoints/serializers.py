"""Events of the audit log as REST tells them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import StringConstraints

from apps.events.types import Outcome
from apps.kernel.entrypoints.rest import ListQuery, Moment, Resource, Text, optional_query

Name = Annotated[Text, StringConstraints(max_length=80)]


class EventOut(Resource):
    """One thing that happened or was denied."""

    id: UUID
    occurred_at: datetime
    action: str
    type: str
    outcome: Outcome
    actor_kind: str
    actor_id: str
    actor_name: str
    on_behalf_of: list[dict[str, Any]]
    is_platform: bool
    channel: str
    request_id: str
    resource_type: str
    resource_id: str
    resource_name: str
    scope_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    policies: list[str]
    payload: dict[str, Any]


class EventFilter(ListQuery):
    """What to look for; a time range includes its start and not its end."""

    actor_id: Name = ""
    action: Name = ""
    resource_type: Name = ""
    resource_id: Name = ""
    scope_id: UUID | None = optional_query(description="A scope, with everything below it.")
    outcome: Outcome | None = optional_query()
    since: Moment | None = optional_query()
    until: Moment | None = optional_query()
    request_id: Name = ""
    q: Annotated[Text, StringConstraints(max_length=200)] = ""
    format: Literal["json", "csv"] | None = optional_query(
        description="Overrides Accept; a CSV file holds every event, not one page."
    )
