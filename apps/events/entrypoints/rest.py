"""The place of dead letters in the REST interface."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import Resource, authorize
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.kernel.tenancy import current_tenant_id

from .. import queries
from ..models import Delivery
from ..operations import discard_delivery, replay_delivery
from .serializers import DeliveryOut, DiscardIn


def list_dead_letters() -> QuerySet[Delivery]:
    """List the deliveries that gave up, newest first."""
    authorize("dead_letter.view", _company())
    return queries.list_dead_letters()


def view_delivery(*, delivery_id: UUID) -> Delivery:
    """Return one delivery."""
    authorize("dead_letter.view", _company())
    return queries.get_delivery(delivery_id)


def _company() -> Resource:
    tenant = str(current_tenant_id())
    return Resource(type="Scope", id=tenant, name="the company", scope_id=tenant)


LETTER = "dead-letters/<uuid:delivery_id>"

ROUTES = (
    Route(
        method="GET", path="dead-letters", name="dead_letter.list", call=list_dead_letters,
        query=ListQuery, answers=DeliveryOut, order=("-id",),
    ),
    Route(
        method="GET", path=LETTER, name="dead_letter.view", call=view_delivery,
        answers=DeliveryOut,
    ),
    Route(
        method="POST", path=f"{LETTER}/replay", name="dead_letter.replay", call=replay_delivery,
        answers=DeliveryOut,
    ),
    Route(
        method="POST", path=f"{LETTER}/discard", name="dead_letter.discard",
        call=discard_delivery, takes=DiscardIn, answers=DeliveryOut,
    ),
)  # fmt: skip
