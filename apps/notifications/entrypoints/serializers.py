"""Notifications as REST tells them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Flag, ListQuery, Resource


class NotificationOut(Resource):
    """One thing that the caller was told."""

    id: UUID
    kind: str
    subject: str
    path: str = Field(description="The page of the portal that it is about.")
    created_at: datetime
    read_at: datetime | None


class NotificationFilter(ListQuery):
    unread: Flag = False


class ReadOut(Resource):
    """How much was unread until now."""

    count: int
