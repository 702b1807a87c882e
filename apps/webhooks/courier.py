"""Sends to webhooks what is due, outside any transaction, at least once, one webhook at a time.

A webhook that fails is paused, longer each time, and holds up no other. What was taken by
somebody who died is sent again after the lease, under the same id.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import Actor, service_actor
from apps.kernel.errors import Conflict, ProgrammingError
from apps.kernel.tenancy import acting_as

from . import queries, sending
from .formats import body_of
from .models import Message
from .operations import suspend_webhook
from .operations.messages import leave_webhook, settle, take_message, take_webhook
from .secrets import keys_of, url_of
from .signing import signature
from .types import Format

logger = logging.getLogger(__name__)
BATCH = 100
AGENT = "Aeterna-Portal-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that one attempt needs, opened only for it."""

    public_id: str
    url: str = field(repr=False)
    keys: Sequence[str] = field(repr=False)
    body: bytes = field(repr=False)


def list_due(*, limit: int = BATCH) -> list[tuple[UUID, UUID]]:
    """Return (tenant, webhook) of what a worker should send to now."""
    return queries.find_due(clock.now(), limit=limit)


def send_to(*, tenant_id: UUID, webhook_id: UUID, limit: int = BATCH) -> int:
    """Send what is due for one webhook, oldest first, until one fails; return how many arrived."""
    actor = service_actor(tenant_id=tenant_id, name="relay")
    with acting_as(actor):
        is_taken = take_webhook(webhook_id)
    if not is_taken:
        return 0
    arrived = 0
    while arrived < limit and _send_next(actor, webhook_id):
        arrived += 1
    with acting_as(actor):
        leave_webhook(webhook_id)
    return arrived


def _send_next(actor: Actor, webhook_id: UUID) -> bool:
    with acting_as(actor):
        message = take_message(webhook_id)
    if message is None:
        return False
    outcome = _attempt(message)
    with acting_as(actor):
        is_hopeless = settle(message.id, outcome)
    if is_hopeless:
        _suspend(actor, webhook_id)
    return outcome.is_delivered


def _attempt(message: Message) -> sending.Outcome:
    try:
        parcel = _packed(message)
    except ProgrammingError as error:
        logger.exception("a message could not be written", extra={"message_id": str(message.id)})
        return sending.Outcome(status=None, error=str(error), ms=0)
    return sending.post(parcel.url, body=parcel.body, headers=_headers(parcel))


def _packed(message: Message) -> Parcel:
    webhook = message.webhook
    format = Format(webhook.format)
    return Parcel(
        public_id=message.public_id,
        url=url_of(webhook),
        keys=keys_of(webhook) if format == Format.STANDARD else (),
        body=body_of(message.event, format),
    )


def _headers(parcel: Parcel) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": AGENT}
    if not parcel.keys:
        return headers
    timestamp = int(clock.now().timestamp())
    signed = signature(
        keys=parcel.keys, message_id=parcel.public_id, timestamp=timestamp, body=parcel.body
    )
    return {
        **headers,
        "webhook-id": parcel.public_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }


def _suspend(actor: Actor, webhook_id: UUID) -> None:
    try:
        with acting_as(actor):
            suspend_webhook(webhook_id=webhook_id)
    except Conflict:
        logger.info("a webhook was switched off meanwhile", extra={"webhook_id": str(webhook_id)})
