"""Notifications as REST tells them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from apps.kernel.entrypoints.rest import Flag, Line, ListQuery, Patch, Resource, unset

from ..types import Choice

Chosen = Literal["portal", "instant", "digest"]


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


class ChoicesOut(Resource):
    """How the caller is told about each group; emergencies are always told at once."""

    decisions: Choice
    mine: Choice
    governance: Choice


class PreferencesOut(Resource):
    """How the caller is told, and when their digest comes."""

    is_email_on: bool = Field(description="False: this installation sends no e-mail.")
    choices: ChoicesOut
    digest_hour: int
    time_zone: str


class ChoicesIn(Patch):
    """A choice for some groups; the others stay."""

    decisions: Chosen = unset()
    mine: Chosen = unset()
    governance: Chosen = unset()


class PreferencesPatch(Patch):
    choices: ChoicesIn = unset()
    digest_hour: Annotated[int, Field(ge=0, le=23)] = unset()
    time_zone: Line = unset(description="An IANA time zone, such as Europe/Berlin.")
