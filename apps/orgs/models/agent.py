"""Software that acts for a person."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from ..types import MAX_DELEGATION_DEPTH, Severity


class AgentQuerySet(TenantQuerySet["Agent"]):
    def live(self, moment: Any) -> Self:
        return self.filter(revoked_at__isnull=True, expires_at__gt=moment)


class Agent(TenantModel):
    """An agent acting for `owner`, delegated directly or by `parent`; never more than either."""

    name = models.CharField(max_length=120)
    owner = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    capabilities = ArrayField(models.CharField(max_length=80), default=list)
    max_severity = models.CharField(
        max_length=5, choices=[(s.value, s.value) for s in Severity], default=Severity.INFO
    )
    depth = models.PositiveSmallIntegerField(default=1)
    max_depth = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects: Any = TenantManager.from_queryset(AgentQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(depth__gte=1, depth__lte=MAX_DELEGATION_DEPTH)
                & Q(depth__lte=models.F("max_depth")),
                name="agent_depth_within_limit",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "owner"], name="agent_owner"),
            models.Index(fields=["tenant_id", "parent"], name="agent_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def as_resource(self) -> Resource:
        return Resource(
            type="Agent",
            id=str(self.id),
            name=self.name,
            scope_id=str(self.scope_id),
            attributes={"owner": {"__entity": {"type": "Aeterna::User", "id": str(self.owner_id)}}},
        )
