"""Answers kept so that a request repeated after a broken connection is carried out once."""

from typing import Any

from django.db import models

from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet


class IdempotencyRecordQuerySet(TenantQuerySet["IdempotencyRecord"]):
    def expired(self, moment: Any) -> "IdempotencyRecordQuerySet":
        return self.filter(expires_at__lte=moment)


class IdempotencyRecord(TenantModel):
    """What a principal was answered under a key of theirs; a secret in it is left out."""

    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects: Any = TenantManager.from_queryset(IdempotencyRecordQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "principal", "key"], name="answered_once_per_key"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "expires_at"], name="idempotency_expiry")]

    def __str__(self) -> str:
        return f"{self.key} of {self.principal}"
