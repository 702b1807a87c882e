"""Messages to webhooks: put on their way, taken, marked.

Who sends is the portal itself, like its relay: a message's fate is no decision of anybody's.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.events.operations import bury
from apps.events.relay import backoff
from apps.kernel import clock
from apps.kernel.tenancy import current_tenant_id

from .. import queries
from ..models import Message, Webhook
from ..sending import Outcome
from ..types import FIRST_DELAY, LEASE, LONGEST_DELAY, MAX_ATTEMPTS, PATIENCE, MessageState

SEND_AGAIN = "webhooks.send_again"
SWITCHED_OFF = "the webhook was switched off"
UNKNOWN = "nobody could tell how it went"


def write_messages(event_id: UUID, *, webhook_ids: Iterable[UUID]) -> None:
    """Put an event on its way to webhooks, each once."""
    moment = clock.now()
    rows = [
        Message(
            tenant_id=current_tenant_id(),
            webhook_id=webhook_id,
            event_id=event_id,
            next_attempt_at=moment,
            created_at=moment,
        )
        for webhook_id in webhook_ids
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)


def take_webhook(webhook_id: UUID) -> bool:
    """Take a webhook for the time of a lease; False if it is paused, off, or another has it."""
    moment = clock.now()
    is_free = Q(leased_until=None) | Q(leased_until__lte=moment)
    is_awake = Q(paused_until=None) | Q(paused_until__lte=moment)
    rows = Webhook.objects.select_for_update(skip_locked=True)
    found = rows.filter(is_free, is_awake, id=webhook_id, is_active=True).first()
    if found is not None:
        _lease(webhook_id, until=moment + LEASE)
    return found is not None


def leave_webhook(webhook_id: UUID) -> None:
    """Let others send to a webhook again."""
    _lease(webhook_id, until=None)


def take_message(webhook_id: UUID) -> Message | None:
    """Take the message that has been due longest for a webhook, counting the attempt, if any.

    Both are this worker's for the time of a lease: whoever dies leaves them to the next.
    """
    while message := queries.find_next_message(webhook_id, clock.now()):
        if message.attempts < MAX_ATTEMPTS:
            message.attempts += 1
            message.next_attempt_at = clock.now() + LEASE
            message.save(update_fields=["attempts", "next_attempt_at"])
            _lease(webhook_id, until=clock.now() + LEASE)
            return message
        # Whoever took it each time died before saying how it went.
        _give_up(message, UNKNOWN)
    return None


def settle(message_id: UUID, outcome: Outcome) -> bool:
    """Note how an attempt went; tell whether the webhook has failed for too long now."""
    message = Message.objects.select_for_update().filter(id=message_id).first()
    if message is None or message.state != MessageState.PENDING:
        return False
    webhook = queries.get_webhook(message.webhook_id, for_update=True)
    message.last_status, message.last_ms = outcome.status, outcome.ms
    if outcome.is_delivered:
        _delivered(message, webhook)
        return False
    return _failed(message, webhook, outcome.error)


def give_up_all(webhook: Webhook) -> None:
    """Give up what is on its way to a webhook; each can be sent again by hand."""
    rows = Message.objects.filter(webhook=webhook, state=MessageState.PENDING)
    rows.update(state=MessageState.DEAD, last_error=SWITCHED_OFF, finished_at=clock.now())


def revive(event_id: UUID) -> list[UUID]:
    """Let the dead messages about an event be sent again; return the webhooks, all of them on."""
    rows = Message.objects.filter(
        event_id=event_id, state=MessageState.DEAD, webhook__is_active=True
    )
    webhook_ids = list(rows.values_list("webhook_id", flat=True))
    rows.update(
        state=MessageState.PENDING, attempts=0, next_attempt_at=clock.now(), finished_at=None
    )
    return webhook_ids


def _delivered(message: Message, webhook: Webhook) -> None:
    message.state, message.last_error = MessageState.DELIVERED, ""
    message.finished_at = clock.now()
    message.save()
    if webhook.failures:
        webhook.failures, webhook.failing_since, webhook.paused_until = 0, None, None
        webhook.save(update_fields=["failures", "failing_since", "paused_until"])


def _failed(message: Message, webhook: Webhook, error: str) -> bool:
    moment = clock.now()
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or moment
    webhook.paused_until = _again_at(min(webhook.failures, MAX_ATTEMPTS))
    webhook.save(update_fields=["failures", "failing_since", "paused_until"])
    if message.attempts >= MAX_ATTEMPTS:
        _give_up(message, error)
    else:
        message.last_error = error
        message.next_attempt_at = _again_at(message.attempts)
        message.save()
    return bool(webhook.is_active and moment - webhook.failing_since >= PATIENCE)


def _give_up(message: Message, error: str) -> None:
    message.state, message.last_error = MessageState.DEAD, error
    message.finished_at = clock.now()
    message.save()
    attempts = message.attempts
    bury(event_id=message.event_id, handler=SEND_AGAIN, attempts=attempts, error=error)


def _again_at(attempts: int) -> datetime:
    return clock.now() + backoff(attempts, first=FIRST_DELAY, longest=LONGEST_DELAY)


def _lease(webhook_id: UUID, *, until: datetime | None) -> None:
    Webhook.objects.filter(id=webhook_id).update(leased_until=until)
