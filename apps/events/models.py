"""The append-only event log, which is the audit log, and one delivery per event and handler."""

from typing import Any

from django.db import models

from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import DeliveryState, Outcome


class Event(TenantModel):
    """One thing that happened or was denied; the run-time role can only insert it."""

    occurred_at = models.DateTimeField()
    action = models.CharField(max_length=80)
    type = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    on_behalf_of = models.JSONField(default=list)
    is_platform = models.BooleanField(default=False)
    channel = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=64)
    resource_name = models.CharField(max_length=300)
    scope_id = models.UUIDField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(default="", blank=True)
    policies = models.JSONField(default=list)
    payload = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "id"], name="event_newest"),
            models.Index(fields=["tenant_id", "resource_id", "id"], name="event_resource"),
            models.Index(fields=["tenant_id", "actor_id", "id"], name="event_actor"),
            models.Index(fields=["tenant_id", "action", "id"], name="event_action"),
            models.Index(fields=["tenant_id", "scope_id", "id"], name="event_scope"),
            models.Index(fields=["tenant_id", "occurred_at"], name="event_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.resource_name}"


class DeliveryQuerySet(TenantQuerySet["Delivery"]):
    def due(self, moment: Any) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.PENDING, next_attempt_at__lte=moment)

    def dead(self) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.DEAD)


class Delivery(TenantModel):
    """What one handler still has to do, or has done, about one event, and in which trace."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    handler = models.CharField(max_length=80)
    state = models.CharField(
        max_length=10,
        choices=[(s.value, s.value) for s in DeliveryState],
        default=DeliveryState.PENDING,
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.TextField(default="", blank=True)
    finished_at = models.DateTimeField(null=True)
    traceparent = models.CharField(max_length=55, default="", db_default="", blank=True)

    objects: Any = TenantManager.from_queryset(DeliveryQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "event", "handler"], name="delivery_once_per_handler"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["tenant_id", "state", "id"], name="delivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} {self.event_id}"
