"""The run-time role must not be able to look past the tenant wall."""

from django.db import connections

from .tenancy import APP

QUESTION = """
    SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
           EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid),
           EXISTS (SELECT 1 FROM pg_roles o
                   WHERE o.oid <> r.oid AND NOT r.rolsuper AND pg_has_role(r.oid, o.oid, 'MEMBER')
                   AND (o.rolsuper OR o.rolbypassrls
                        OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = o.oid)
                        OR EXISTS (SELECT 1 FROM pg_policy p WHERE o.oid = ANY (p.polroles))))
    FROM pg_roles r WHERE r.rolname = current_user
"""
FAULTS = (
    "is a superuser",
    "bypasses row-level security",
    "may create roles",
    "owns tables",
    "is a member of a role that may look past the wall",
)


class UnsafeRole(Exception):
    """The database role that serves requests could bypass row-level security."""


def require_safe_role() -> bool:
    """Return True; raise UnsafeRole, naming why, if row-level security does not bind the role."""
    with connections[APP].cursor() as cursor:
        cursor.execute(QUESTION)
        row = cursor.fetchone()
    faults = [fault for fault, is_wrong in zip(FAULTS, row, strict=True) if is_wrong]
    if faults:
        raise UnsafeRole(f"DATABASE_URL's role {', '.join(faults)}; give it a role without that.")
    return True
