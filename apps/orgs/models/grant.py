"""Facts that decisions rest on: memberships, role grants and shares."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from apps.kernel.authorization import Resource
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import current_scope
from apps.kernel.tenant_field import TenantField
from apps.kernel.tenant_model import TenantModel, TenantQuerySet

from ..types import GrantSource, Role


class Membership(TenantModel):
    """A person belongs to a team or project; says who works where, grants nothing."""

    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user", "scope"], name="member_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "scope"], name="membership_scope")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.scope_id}"


class RoleGrant(TenantModel):
    """A role that a person holds at a scope and everything below it, until it is revoked."""

    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=14, choices=[(r.value, r.value) for r in Role])
    source = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in GrantSource],
        default=GrantSource.MANUAL,
    )
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "user", "scope", "role", "source"],
                condition=Q(revoked_at__isnull=True),
                name="role_granted_once",
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "scope"], name="grant_scope")]

    def __str__(self) -> str:
        return f"{self.role} at {self.scope_id}"

    def as_resource(self) -> Resource:
        return Resource(
            type="RoleGrant",
            id=str(self.id),
            name=f"{self.role}: {self.user.name}",
            scope_id=str(self.scope_id),
            attributes={"role": self.role},
        )


class ScopeShareManager(UserObjectPermissionManager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Guardian's manager, held to the rule that tenant rows need a scope."""

    def get_queryset(self) -> models.QuerySet["ScopeShare"]:
        current_scope()
        rows: models.QuerySet[ScopeShare] = super().get_queryset()
        return rows


class ScopeShare(UserObjectPermissionBase):
    """A guardian row: one scope shared for reading with one person; a fact for Cedar only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = TenantField()
    user = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    permission = models.ForeignKey("auth.Permission", on_delete=models.PROTECT, related_name="+")
    content_object = models.ForeignKey(
        "orgs.Scope", on_delete=models.PROTECT, related_name="shares", db_column="scope_id"
    )

    objects: ClassVar[Any] = ScopeShareManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "user", "permission", "content_object"], name="shared_once"
            )
        ]
