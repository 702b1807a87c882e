"""Trying a webhook out, and trying again what it did not take."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation

from .. import queries
from ..models import Message
from ..types import MessageState
from .messages import write_messages


@operation("webhook.test")
def send_test(*, webhook_id: UUID) -> Message:
    """Send a test event to one webhook and no other; Conflict if it is switched off."""
    webhook = queries.get_webhook(webhook_id)
    authorize("webhook.test", webhook.as_resource())
    if not webhook.is_active:
        raise Conflict(f"{webhook.name} is switched off.")
    event = emit("webhook.tested", resource=webhook.as_resource())
    write_messages(event.id, webhook_ids=[webhook.id])
    return queries.list_messages(webhook_id=webhook.id).get(event_id=event.id)


@operation("webhook.replay")
def replay_message(*, message_id: UUID) -> Message:
    """Send a message that gave up again, under the same id; Conflict unless it gave up."""
    message = queries.get_message(message_id, for_update=True)
    resource = message.webhook.as_resource()
    authorize("webhook.replay", resource)
    if message.state != MessageState.DEAD:
        raise Conflict(f"A message that is {message.state} cannot be sent again.")
    if not message.webhook.is_active:
        raise Conflict(f"{message.webhook.name} is switched off.")
    message.state, message.attempts = MessageState.PENDING, 0
    message.next_attempt_at, message.finished_at = clock.now(), None
    message.save(update_fields=["state", "attempts", "next_attempt_at", "finished_at"])
    change = Change(payload={"event_id": str(message.event_id)})
    emit("webhook.replayed", resource=resource, change=change)
    return message
