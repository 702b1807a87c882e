"""The run-time role must not be able to look past the tenant wall."""

from django.db import connections

from .tenancy import APP

QUESTION = """
    SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
           EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid)
    FROM pg_roles r WHERE r.rolname = current_user
"""
FAULTS = (
    "is a superuser",
    "bypasses row-level security",
    "may create roles",
    "owns tables",
)


class UnsafeRole(Exception):
    """The database role that serves requests could bypass row-level security."""


def require_safe_role() -> None:
    """Raise UnsafeRole, naming why, unless the run-time role is bound by row-level security."""
    with connections[APP].cursor() as cursor:
        cursor.execute(QUESTION)
        row = cursor.fetchone()
    faults = [fault for fault, is_wrong in zip(FAULTS, row, strict=True) if is_wrong]
    if faults:
        raise UnsafeRole(f"DATABASE_URL's role {', '.join(faults)}; give it a role without that.")
