"""The tree of company, organizations, teams and projects."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from ..types import PARENT_KIND, ScopeKind

KINDS = [(kind.value, kind.value) for kind in ScopeKind]


def _kinds_fit() -> Q:
    condition = Q(kind=ScopeKind.COMPANY, parent__isnull=True, parent_kind="")
    for kind, parent in PARENT_KIND.items():
        if parent:
            condition |= Q(kind=kind, parent__isnull=False, parent_kind=parent)
    return condition


class ScopeQuerySet(TenantQuerySet["Scope"]):
    def live(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def within(self, scope_id: Any) -> Self:
        """Keep the scope and everything below it."""
        return self.filter(path__contains=[scope_id])


class Scope(TenantModel):
    """A place in the organization; `path` holds the ids from the company down to this scope."""

    kind = models.CharField(max_length=12, choices=KINDS)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    parent_kind = models.CharField(max_length=12, default="", blank=True)
    path = ArrayField(models.UUIDField())
    slug = models.CharField(max_length=63)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=1000, default="", blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    archived_with = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects: Any = TenantManager.from_queryset(ScopeQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_kinds_fit(), name="scope_kind_fits_parent"),
            models.UniqueConstraint(
                fields=["tenant_id", "parent", "slug"],
                condition=Q(archived_at__isnull=True),
                name="scope_slug_once_per_parent",
            ),
            models.UniqueConstraint(
                fields=["tenant_id"], condition=Q(kind="company"), name="one_company_per_tenant"
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "parent"], name="scope_children")]

    def __str__(self) -> str:
        return self.name

    def as_resource(self) -> Resource:
        return Resource(type="Scope", id=str(self.id), name=self.name, scope_id=str(self.id))
