"""The column that makes a table a tenant's."""

from typing import Any

from django.db import models

from .tenancy import current_tenant_id, find_tenant_id


class TenantField(models.UUIDField):  # type: ignore[type-arg]
    """The tenant of a row, taken from the scope; a table that has it gets row-level security."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("default", find_tenant_id)
        options.setdefault("editable", False)
        super().__init__(**options)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the row's tenant; raise NoActor if it has none and no scope is open."""
        return getattr(model_instance, self.attname) or current_tenant_id()


def is_tenant_model(model: type[models.Model]) -> bool:
    """Tell whether rows of `model` belong to a tenant."""
    return any(isinstance(field, TenantField) for field in model._meta.local_fields)
