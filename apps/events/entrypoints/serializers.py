"""Deliveries that gave up, as REST tells and takes them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from apps.kernel.entrypoints.rest import Body, Resource, Text

from ..types import DeliveryState

REASON_LENGTH = 1000


class HappenedOut(Resource):
    """The event that a delivery is about."""

    id: UUID
    type: str
    occurred_at: datetime
    resource_type: str
    resource_id: str
    resource_name: str


class DeliveryOut(Resource):
    """What one handler still has to do, or gave up, about one event."""

    id: UUID
    event: HappenedOut
    handler: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    last_error: str
    finished_at: datetime | None


class DiscardIn(Body):
    """Why a delivery is given up for good."""

    reason: Annotated[Text, StringConstraints(min_length=1, max_length=REASON_LENGTH)]
