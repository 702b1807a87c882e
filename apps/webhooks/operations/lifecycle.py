"""Webhooks made, changed, ended, given new secrets, and switched off when nobody answers."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.ids import uuid7
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.orgs.checks import clean_text

from .. import queries
from ..addresses import clean_url
from ..models import Message, Webhook
from ..secrets import keep_secret, keep_url
from ..signing import new_secret
from ..types import MAX_PATTERNS, MAX_WEBHOOKS, OVERLAP, PATTERN, PATTERN_LENGTH, Format
from .messages import give_up_all

TAKEN = {"webhook_name_once": ("name", "There is a webhook of this name.")}


@operation("webhook.create")
def create_webhook(
    *, name: str, url: str, patterns: Sequence[str], format: str = Format.STANDARD
) -> tuple[Webhook, str]:
    """Send the company's events of some types to an address; the secret is told only now.

    Invalid for an address that is not https or inside a private network.
    """
    webhook = Webhook(
        id=uuid7(),
        tenant_id=current_tenant_id(),
        name=clean_text(name, field="name"),
        created_at=clock.now(),
    )
    authorize("webhook.create", webhook.as_resource())
    webhook.format = _clean_format(format)
    webhook.patterns = clean_patterns(patterns)
    _point(webhook, url)
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise Conflict(f"A company has at most {MAX_WEBHOOKS} webhooks.")
    secret = new_secret()
    keep_secret(webhook, secret)
    with conflicts(TAKEN):
        webhook.save(force_insert=True)
    emit("webhook.created", resource=webhook.as_resource(), change=Change(after=_facts(webhook)))
    return webhook, secret


@operation("webhook.update")
def update_webhook(
    *,
    webhook_id: UUID,
    name: str | None = None,
    url: str | None = None,
    patterns: Sequence[str] | None = None,
    is_active: bool | None = None,
    expected_version: int | None = None,
) -> Webhook:
    """Change a webhook, or switch it off or on again; what is not given stays.

    Switched off, what is on its way is given up; switched on, its failures are forgotten.
    """
    webhook = queries.get_webhook(webhook_id, for_update=True)
    authorize("webhook.update", webhook.as_resource())
    require_version(webhook.version, expected_version)
    before = _facts(webhook)
    if name is not None:
        webhook.name = clean_text(name, field="name")
    if patterns is not None:
        webhook.patterns = clean_patterns(patterns)
    if url:
        _point(webhook, url)
    if is_active is not None:
        _switch(webhook, is_active)
    webhook.version += 1
    with conflicts(TAKEN):
        webhook.save()
    change = Change(before=before, after=_facts(webhook))
    emit("webhook.updated", resource=webhook.as_resource(), change=change)
    return webhook


@operation("webhook.rotate_secret")
def rotate_webhook_secret(*, webhook_id: UUID) -> tuple[Webhook, str]:
    """Give a webhook a new secret, told only now; the old one signs beside it for a day."""
    webhook = queries.get_webhook(webhook_id, for_update=True)
    authorize("webhook.rotate_secret", webhook.as_resource())
    before = {"secret_tail": webhook.secret_tail}
    webhook.sealed_old_secret = webhook.sealed_secret
    webhook.old_secret_until = clock.now() + OVERLAP
    secret = new_secret()
    keep_secret(webhook, secret)
    webhook.version += 1
    webhook.save()
    change = Change(before=before, after={"secret_tail": webhook.secret_tail})
    emit("webhook.secret_rotated", resource=webhook.as_resource(), change=change)
    return webhook, secret


@operation("webhook.delete")
def delete_webhook(*, webhook_id: UUID, reason: str = "") -> None:
    """End a webhook with its secrets and its log; the audit log keeps that it was there."""
    webhook = queries.get_webhook(webhook_id, for_update=True)
    resource = webhook.as_resource()
    authorize("webhook.delete", resource)
    change = Change(before=_facts(webhook), reason=reason)
    Message.objects.filter(webhook=webhook).delete()
    webhook.delete()
    emit("webhook.deleted", resource=resource, change=change)


@operation("webhook.suspend")
def suspend_webhook(*, webhook_id: UUID) -> Webhook:
    """Switch off a webhook that has failed for too long; Conflict if it is off already."""
    webhook = queries.get_webhook(webhook_id, for_update=True)
    authorize("webhook.suspend", webhook.as_resource())
    if not webhook.is_active:
        raise Conflict("It is off already.")
    before = {"is_active": True, "failing_since": webhook.failing_since}
    _switch(webhook, False)
    webhook.version += 1
    webhook.save()
    change = Change(before=before, after={"is_active": False})
    emit("webhook.suspended", resource=webhook.as_resource(), change=change)
    return webhook


def clean_patterns(patterns: Sequence[str]) -> list[str]:
    """Return patterns of event types without repetition; Invalid names the first bad one."""
    if not 0 < len(patterns) <= MAX_PATTERNS:
        raise Invalid(fields={"patterns": [f"Give 1 to {MAX_PATTERNS} patterns."]})
    for pattern in patterns:
        if len(pattern) > PATTERN_LENGTH or not re.fullmatch(PATTERN, pattern):
            text = f"{pattern[:80]} is no pattern; write policy.activated, policy.* or *."
            raise Invalid(fields={"patterns": [text]})
    return list(dict.fromkeys(patterns))


def _clean_format(value: str) -> Format:
    try:
        return Format(value)
    except ValueError as error:
        raise Invalid(fields={"format": [f"Choose one of {', '.join(Format)}."]}) from error


def _point(webhook: Webhook, url: str) -> None:
    parts = clean_url(url)
    keep_url(webhook, parts.geturl(), host=f"{parts.scheme}://{parts.netloc}")


def _switch(webhook: Webhook, is_active: bool) -> None:
    webhook.is_active = is_active
    webhook.failures, webhook.failing_since, webhook.paused_until = 0, None, None
    if not is_active:
        give_up_all(webhook)


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "format": webhook.format,
        "patterns": webhook.patterns,
        "address": webhook.address,
        "is_active": webhook.is_active,
    }
