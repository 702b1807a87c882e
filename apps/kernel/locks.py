"""Taking turns: a short section that one transaction of a tenant is in at a time."""

from django.db import connections

from .tenancy import APP, current_tenant_id


def take_turn(name: str) -> None:
    """Wait until no other transaction of the tenant holds `name`; hold it until this one ends."""
    with connections[APP].cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{current_tenant_id()}:{name}"],
        )
