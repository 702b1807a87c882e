"""The database wrapper: sets the tenant when the outermost transaction opens."""

from typing import Any

from django.db.backends.postgresql import base

from ..spans import query_wrappers
from ..tenancy import apply_tenant
from .schema import DatabaseSchemaEditor


class DatabaseWrapper(base.DatabaseWrapper):
    """Postgres whose every transaction carries the tenant of the actor in scope."""

    SchemaEditorClass = DatabaseSchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers += query_wrappers()

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        if autocommit:
            return
        try:
            with self.wrap_database_errors:
                apply_tenant(self)
        except Exception:
            # Django believes that no transaction opened: such a connection must not be used again.
            self.close()
            raise
