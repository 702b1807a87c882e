"""The place of webhooks in the REST interface."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import Resource, authorize
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.kernel.tenancy import current_tenant_id

from .. import queries
from ..models import Message, Webhook
from ..operations import (
    create_webhook,
    delete_webhook,
    replay_message,
    rotate_webhook_secret,
    send_test,
    update_webhook,
)
from .serializers import (
    MessageFilter,
    MessageOut,
    WebhookIn,
    WebhookIssuedOut,
    WebhookOut,
    WebhookPatch,
)

SHOWN = tuple(WebhookOut.model_fields)


def list_webhooks() -> QuerySet[Webhook]:
    """List the company's webhooks by name."""
    authorize("webhook.view", _company())
    return queries.list_webhooks()


def view_webhook(*, webhook_id: UUID) -> Webhook:
    """Return one webhook, without its address and secret."""
    return _visible(webhook_id)


def list_messages(*, webhook_id: UUID, state: str = "") -> QuerySet[Message]:
    """List what was, is or could not be sent to a webhook, newest first."""
    return queries.list_messages(webhook_id=_visible(webhook_id).id, state=state)


def create(**values: Any) -> Mapping[str, Any]:
    """Make a webhook; its secret is told only now."""
    return _issued(*create_webhook(**values))


def rotate(*, webhook_id: UUID) -> Mapping[str, Any]:
    """Give a webhook a new secret, told only now."""
    return _issued(*rotate_webhook_secret(webhook_id=webhook_id))


def _visible(webhook_id: UUID) -> Webhook:
    webhook = queries.get_webhook(webhook_id)
    authorize("webhook.view", webhook.as_resource())
    return webhook


def _issued(webhook: Webhook, secret: str) -> Mapping[str, Any]:
    return {**{name: getattr(webhook, name) for name in SHOWN}, "secret": secret}


def _company() -> Resource:
    tenant = str(current_tenant_id())
    return Resource(type="Scope", id=tenant, name="the company", scope_id=tenant)


WEBHOOK = "webhooks/<uuid:webhook_id>"

ROUTES = (
    Route(
        method="GET", path="webhooks", name="webhook.list", call=list_webhooks, query=ListQuery,
        answers=WebhookOut, order=("name", "id"),
    ),
    Route(
        method="POST", path="webhooks", name="webhook.create", call=create, takes=WebhookIn,
        answers=WebhookIssuedOut, status=201, located="webhooks/{id}", told_once="secret",
    ),
    Route(
        method="GET", path=WEBHOOK, name="webhook.view", call=view_webhook, answers=WebhookOut,
    ),
    Route(
        method="PATCH", path=WEBHOOK, name="webhook.update", call=update_webhook,
        takes=WebhookPatch, answers=WebhookOut, is_versioned=True,
    ),
    Route(
        method="DELETE", path=WEBHOOK, name="webhook.delete", call=delete_webhook, status=204,
    ),
    Route(
        method="POST", path=f"{WEBHOOK}/rotate-secret", name="webhook.rotate_secret", call=rotate,
        answers=WebhookIssuedOut, told_once="secret",
    ),
    Route(
        method="POST", path=f"{WEBHOOK}/test", name="webhook.test", call=send_test,
        answers=MessageOut,
    ),
    Route(
        method="GET", path=f"{WEBHOOK}/messages", name="webhook.messages", call=list_messages,
        query=MessageFilter, answers=MessageOut, order=("-id",),
    ),
    Route(
        method="POST", path="webhook-messages/<uuid:message_id>/replay", name="webhook.replay",
        call=replay_message, answers=MessageOut,
    ),
)  # fmt: skip
