"""Background work of webhooks: one task for each webhook, so that none waits for another."""

from typing import Any
from uuid import UUID

from celery import current_app, shared_task

from ..courier import list_due, send_to


@shared_task(name="webhooks.send_due")  # type: ignore[untyped-decorator]
def send_due(**_later: Any) -> None:
    """Queue a task for each webhook that something is due for."""
    for tenant_id, webhook_id in list_due():
        values = {"tenant_id": str(tenant_id), "webhook_id": str(webhook_id)}
        current_app.send_task("webhooks.send", kwargs=values, ignore_result=True, expires=60)


@shared_task(name="webhooks.send")  # type: ignore[untyped-decorator]
def send(*, tenant_id: str, webhook_id: str, **_later: Any) -> None:
    """Send what is due for one webhook."""
    send_to(tenant_id=UUID(tenant_id), webhook_id=UUID(webhook_id))
