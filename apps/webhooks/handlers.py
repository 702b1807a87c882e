"""What webhooks do about events: they pass them on, and administrators learn of one that ended."""

from collections.abc import Iterable
from uuid import UUID

from apps.events.subscriptions import on, on_wanted
from apps.events.types import Happened
from apps.kernel.background import run_soon
from apps.notifications.operations import send_notifications
from apps.orgs.queries import list_holders
from apps.orgs.types import Role

from . import queries
from .operations.messages import revive, write_messages

SEND = "webhooks.send"


def _is_anybody_listening(event_type: str) -> bool:
    return bool(queries.list_listening(event_type))


@on_wanted(_is_anybody_listening)
def pass_on(happened: Happened) -> None:
    """Put an event on its way to each webhook that wants it; the sending itself happens outside."""
    webhook_ids = queries.list_listening(happened.type)
    write_messages(happened.id, webhook_ids=webhook_ids)
    _send_soon(happened, webhook_ids)


@on("webhook.tested", "webhook.replayed")
def send_at_once(happened: Happened) -> None:
    """Have a worker send what was asked for by hand."""
    _send_soon(happened, [UUID(happened.resource_id)])


@on()
def send_again(happened: Happened) -> None:
    """Try the dead messages about an event again: this is what replaying them runs."""
    _send_soon(happened, revive(happened.id))


@on("webhook.suspended")
def tell_of_suspension(happened: Happened) -> None:
    """Tell the company's administrators that a webhook was switched off, once."""
    webhook = queries.get_webhook(UUID(happened.resource_id))
    holders = list_holders(scope_id=str(happened.tenant_id), role=Role.ADMIN)
    send_notifications(
        recipient_ids=[holder.user_id for holder in holders],
        kind=happened.type,
        subject=f"The webhook {webhook.name} failed for days and was switched off",
        path=f"/settings/webhooks/{webhook.id}/",
        key=str(happened.id),
    )


def _send_soon(happened: Happened, webhook_ids: Iterable[UUID]) -> None:
    for webhook_id in webhook_ids:
        run_soon(SEND, tenant_id=str(happened.tenant_id), webhook_id=str(webhook_id))
