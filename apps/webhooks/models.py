"""Webhooks and the messages on their way to them."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import PATTERN_LENGTH, Format, MessageState


class Webhook(TenantModel):
    """Where some of a company's events are sent; address and secrets are sealed."""

    name = models.CharField(max_length=120)
    format = models.CharField(max_length=8, choices=[(f.value, f.value) for f in Format])
    patterns = ArrayField(models.CharField(max_length=PATTERN_LENGTH))
    host = models.CharField(max_length=255)
    url_tail = models.CharField(max_length=4)
    sealed_url = models.TextField()
    sealed_secret = models.TextField()
    secret_tail = models.CharField(max_length=4)
    sealed_old_secret = models.TextField(default="", blank=True)
    old_secret_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="webhook_name_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant_id"], name="webhook_active", condition=models.Q(is_active=True)
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Return the address as people see it: its path may hold a secret."""
        return f"{self.host}/[REDACTED:…{self.url_tail}]"

    @property
    def secret_hint(self) -> str:
        """Return the secret as people see it."""
        return f"[REDACTED:…{self.secret_tail}]"

    def as_resource(self) -> Resource:
        tenant = str(self.tenant_id)
        return Resource(type="Webhook", id=str(self.id), name=self.name, scope_id=tenant)


class MessageQuerySet(TenantQuerySet["Message"]):
    def due(self, moment: Any) -> Self:
        return self.filter(state=MessageState.PENDING, next_attempt_at__lte=moment)


class Message(TenantModel):
    """One event on its way to one webhook, and how the last attempt went."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="+")
    event = models.ForeignKey("events.Event", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=9,
        choices=[(s.value, s.value) for s in MessageState],
        default=MessageState.PENDING,
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_ms = models.PositiveIntegerField(null=True)
    last_error = models.CharField(max_length=300, default="", blank=True)

    objects: Any = TenantManager.from_queryset(MessageQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "webhook", "event"], name="message_once_per_webhook"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="message_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["tenant_id", "webhook", "id"], name="message_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook_id}"

    @property
    def public_id(self) -> str:
        """Return what the receiver knows it by, the same at each attempt."""
        return f"msg_{self.id.hex}"
