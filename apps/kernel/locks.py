"""Taking turns: a section that one transaction, of a tenant or of all, is in at a time."""

from django.db import connections

from .tenancy import APP, current_tenant_id


def take_turn(name: str) -> None:
    """Wait until no other transaction of the tenant holds `name`; hold it until this one ends."""
    _lock(f"{current_tenant_id()}:{name}")


def take_turn_of_all(name: str) -> None:
    """Wait, for minutes if need be, until no other transaction of any tenant holds `name`."""
    with connections[APP].cursor() as cursor:
        cursor.execute("set local lock_timeout = 0")
        _lock(f"installation:{name}")
        cursor.execute("set local lock_timeout to default")


def _lock(key: str) -> None:
    with connections[APP].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
