"""The schema editor: a tenant table is created with its wall, and its keys carry the tenant."""

from typing import Any

from django.db import models
from django.db.backends.ddl_references import Columns, Statement
from django.db.backends.postgresql import schema

from ..tenancy import SETTING
from ..tenant_field import is_tenant_model

PLATFORM_ROLE = "aeterna_platform"
PREDICATE = f"tenant_id = (select nullif(current_setting('{SETTING}', true), '')::uuid)"

ISOLATION = (
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY tenant_isolation ON {{table}} USING ({PREDICATE}) WITH CHECK ({PREDICATE})",
    f"CREATE POLICY platform_access ON {{table}} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
    "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE (tenant_id, id)",
)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Adds row-level security to tenant tables and makes keys between them composite."""

    # Inline keys cannot be composite: with None, Django falls back to _create_fk_sql.
    sql_create_column_inline_fk = None  # type: ignore[assignment]

    def create_model(self, model: type[models.Model]) -> None:
        super().create_model(model)
        if not is_tenant_model(model):
            return
        table = model._meta.db_table
        for statement in ISOLATION:
            self.execute(
                statement.format(
                    table=self.quote_name(table), name=self.quote_name(f"{table}_tenant_id_id")
                )
            )

    def _create_fk_sql(
        self, model: type[models.Model], field: models.ForeignKey[Any, Any], suffix: str
    ) -> Statement:
        statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc]
        target = field.remote_field.model
        if is_tenant_model(model) and is_tenant_model(target):
            parts = statement.parts
            parts["column"] = self._tenant_columns(model, field.column)
            parts["to_column"] = self._tenant_columns(target, field.target_field.column)
        return statement  # type: ignore[no-any-return]

    def _tenant_columns(self, model: type[models.Model], column: str | None) -> Columns:
        return Columns(model._meta.db_table, ["tenant_id", str(column)], self.quote_name)
