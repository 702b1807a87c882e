"""What somebody was told in the portal."""

from typing import Any, Self

from django.db import models

from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet


class NotificationQuerySet(TenantQuerySet["Notification"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(TenantModel):
    """One thing that one person is told, once for each `dedupe_key`; `path` is where it leads."""

    recipient = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=300)
    path = models.CharField(max_length=300)
    payload = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects: Any = TenantManager.from_queryset(NotificationQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "recipient", "dedupe_key"], name="notified_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "recipient", "id"], name="notification_newest")
        ]

    def __str__(self) -> str:
        return self.subject
