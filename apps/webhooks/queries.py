"""Reads of webhooks and of what is on its way to them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.kernel.errors import NotFound
from apps.kernel.tenancy import across_tenants, current_scope

from .models import Message, Webhook
from .types import TESTED, MessageState


def list_webhooks() -> QuerySet[Webhook]:
    """Return the company's webhooks by name."""
    return Webhook.objects.order_by("name", "id")  # type: ignore[no-any-return]


def get_webhook(webhook_id: UUID, *, for_update: bool = False) -> Webhook:
    """Return one webhook, locked if asked; raise NotFound."""
    rows = Webhook.objects.select_for_update() if for_update else Webhook.objects.all()
    row = rows.filter(id=webhook_id).first()
    if row is None:
        raise NotFound("There is no such webhook.")
    return row  # type: ignore[no-any-return]


def get_message(message_id: UUID, *, for_update: bool = False) -> Message:
    """Return one message with its webhook and event, locked if asked; raise NotFound."""
    rows = Message.objects.select_related("webhook", "event")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(id=message_id).first()
    if row is None:
        raise NotFound("There is no such message.")
    return row  # type: ignore[no-any-return]


def list_messages(*, webhook_id: UUID, state: str = "") -> QuerySet[Message]:
    """Return what was, is or could not be sent to a webhook, newest first, with the events."""
    rows = Message.objects.filter(webhook_id=webhook_id).select_related("event", "webhook")
    return (rows.filter(state=state) if state else rows).order_by("-id")  # type: ignore[no-any-return]


def list_listening(event_type: str) -> list[UUID]:
    """Return the active webhooks that want events of a type; a test is told to none of them.

    Asked whenever something happens, so the patterns are read once per scope of work.
    """
    if event_type == TESTED:
        return []
    return [webhook_id for webhook_id, patterns in _active() if is_wanted(event_type, patterns)]


def is_wanted(event_type: str, patterns: Iterable[str]) -> bool:
    """Tell whether one of the patterns, such as `policy.*`, covers an event type."""
    noun = event_type.partition(".")[0]
    return any(pattern in ("*", event_type, f"{noun}.*") for pattern in patterns)


def find_due(moment: datetime, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Return (tenant, webhook) of each webhook that something is due for and that is not paused."""
    free = Q(webhook__paused_until=None) | Q(webhook__paused_until__lte=moment)
    unleased = Q(webhook__leased_until=None) | Q(webhook__leased_until__lte=moment)
    with across_tenants("find webhooks with due messages"):
        rows = Message.objects.due(moment).filter(free, unleased, webhook__is_active=True)
        found = rows.order_by("tenant_id", "webhook_id").values_list("tenant_id", "webhook_id")
        return list(found.distinct()[:limit])


def find_next_message(webhook_id: UUID, moment: datetime) -> Message | None:
    """Return the message that has been due longest for a webhook, with both, or None.

    One that failed comes after those that were not tried since: it stops none of them.
    """
    rows = Message.objects.due(moment).filter(webhook_id=webhook_id)
    rows = rows.select_related("event", "webhook")
    return rows.order_by("next_attempt_at", "id").first()  # type: ignore[no-any-return]


def count_pending(webhook_id: UUID) -> int:
    """Return how much is still on its way to a webhook."""
    rows = Message.objects.filter(webhook_id=webhook_id, state=MessageState.PENDING)
    return rows.count()  # type: ignore[no-any-return]


def _active() -> list[tuple[UUID, list[str]]]:
    facts = current_scope().facts
    if "webhooks" not in facts:
        rows = Webhook.objects.filter(is_active=True).order_by("id")
        facts["webhooks"] = list(rows.values_list("id", "patterns"))
    return facts["webhooks"]  # type: ignore[no-any-return]
