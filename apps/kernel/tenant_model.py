"""The abstract base of every tenant table and the manager that refuses to work unscoped."""

from typing import Any, Self, TypeVar

from django.db import models

from .errors import NoActor
from .ids import uuid7
from .tenancy import APP, PLATFORM, database_alias, is_scope_open
from .tenant_field import TenantField

M = TypeVar("M", bound=models.Model)


class TenantQuerySet(models.QuerySet[M]):
    """Rows of the tenant in scope, in the order they were made."""

    @property
    def db(self) -> str:
        """Return the connection of the scope in force now; raise NoActor if it has closed.

        A query built inside a scope and run after it would show nothing, or, built across
        tenants, too much.
        """
        if self._db not in (None, APP, PLATFORM):  # type: ignore[attr-defined]
            return super().db
        if not is_scope_open():
            raise NoActor(f"{self.model._meta.label} is read after its scope has closed")
        return database_alias()

    def oldest_first(self) -> Self:
        return self.order_by("id")

    def newest_first(self) -> Self:
        return self.order_by("-id")


class TenantManager(models.Manager.from_queryset(TenantQuerySet)[M]):  # type: ignore[misc]
    """The default manager of a tenant table: raises NoActor when no scope is open."""

    def get_queryset(self) -> models.QuerySet[M]:
        if not is_scope_open():
            raise NoActor(f"{self.model._meta.label} needs acting_as(actor)")
        queryset: models.QuerySet[M] = super().get_queryset()
        return queryset.using(database_alias())


class TenantModel(models.Model):
    """A row of one tenant; its table is walled by row-level security when it is created."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = TenantField()

    objects: Any = TenantManager()

    class Meta:
        abstract = True
