"""The database router: the app's role, or the platform's inside `across_tenants`."""

from typing import Any

from django.db import models

from .tenancy import database_alias


class ScopeRouter:
    """Send every query to the connection of the scope in force; migrate only as the owner."""

    def db_for_read(self, _model: type[models.Model], **_hints: Any) -> str:
        return database_alias()

    def db_for_write(self, _model: type[models.Model], **_hints: Any) -> str:
        return database_alias()

    def allow_relation(self, _one: models.Model, _other: models.Model, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        return db == "owner"
