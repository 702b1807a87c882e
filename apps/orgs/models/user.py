"""People of a company."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.functions import Lower

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet


class UserQuerySet(TenantQuerySet["User"]):
    def live(self) -> Self:
        return self.filter(deactivated_at__isnull=True)


class User(TenantModel, AbstractBaseUser):
    """A person; what they may do is asked of Cedar, never of this row."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, default="", blank=True)
    is_platform_admin = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects: Any = TenantManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint("tenant_id", Lower("email"), name="user_email_once_per_tenant")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.deactivated_at is None

    @property
    def is_staff(self) -> bool:
        """Let the person reach Django admin; Cedar decides what they see there."""
        return self.is_active

    def has_perm(self, permission: str, obj: models.Model | None = None) -> bool:
        """Ask the one decision function through the authentication backend."""
        from django.contrib.auth import get_backends

        return any(
            backend.has_perm(self, permission, obj)
            for backend in get_backends()
            if hasattr(backend, "has_perm")
        )

    def has_module_perms(self, _app_label: str) -> bool:
        return self.has_perm("orgs.view_audit")

    def as_resource(self) -> Resource:
        return Resource(type="User", id=str(self.id), name=self.name, scope_id=str(self.tenant_id))
