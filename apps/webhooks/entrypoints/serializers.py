"""Webhooks as REST tells and takes them; addresses and secrets are masked."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import (
    Body,
    Line,
    ListQuery,
    Patch,
    Resource,
    Text,
    optional_query,
    unset,
)

from ..types import MAX_PATTERNS, URL_LENGTH, Format, MessageState

Url = Annotated[Text, StringConstraints(min_length=1, max_length=URL_LENGTH)]
Patterns = Annotated[list[Line], Field(min_length=1, max_length=MAX_PATTERNS)]
PATTERNS = "Event types such as `policy.activated`, or `policy.*`, or `*`."


class WebhookOut(Resource):
    """Where some of the company's events are sent."""

    id: UUID
    name: str
    format: Format
    patterns: list[str]
    address: str = Field(description="Its host; the rest is masked.")
    secret_hint: str = Field(description="The secret, masked but for its end.")
    old_secret_until: datetime | None = Field(description="Until when the old secret signs too.")
    is_active: bool
    created_at: datetime
    failing_since: datetime | None
    paused_until: datetime | None
    version: int


class WebhookIssuedOut(WebhookOut):
    """A webhook with its secret, which is told only this once."""

    secret: str | None = Field(description="Null in the replay of an earlier answer.")


class WebhookIn(Body):
    """A webhook to make."""

    name: Line
    url: Url
    patterns: Patterns = Field(description=PATTERNS)
    format: str = unset(description="`standard` if left out; or `slack`, `teams`.")


class WebhookPatch(Patch):
    name: Line = unset()
    url: Url = unset()
    patterns: Patterns = unset(description=PATTERNS)
    is_active: bool = unset()


class ToldOut(Resource):
    """The event that a message tells."""

    id: UUID
    type: str
    occurred_at: datetime
    resource_name: str


class MessageOut(Resource):
    """One event on its way to one webhook, and how the last attempt went."""

    id: UUID
    public_id: str = Field(description="The `webhook-id` that the receiver sees.")
    event: ToldOut
    state: MessageState
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    finished_at: datetime | None
    last_status: int | None
    last_ms: int | None
    last_error: str


class MessageFilter(ListQuery):
    state: MessageState = optional_query()
