"""What the portal depends on, asked for a sign of life."""

from contextvars import Context
from datetime import datetime

from django.db import connections

from apps.events.queries import oldest_due_at
from apps.kernel import clock
from apps.kernel.hints import client
from apps.kernel.tenancy import APP, across_tenants


def ping_postgres() -> None:
    """Raise unless the run-time role's database answers."""
    with connections[APP].cursor() as cursor:
        cursor.execute("select 1")


def ping_redis() -> None:
    """Raise unless Redis answers."""
    client().ping()


def relay_lag_seconds() -> float:
    """Return for how many seconds the oldest due delivery of any company has been waiting."""
    # Whoever is signed in asks for no company's data, so the question leaves their scope.
    return Context().run(_measure_lag)


def _measure_lag() -> float:
    with across_tenants("measure the relay's lag"):
        due_at: datetime | None = oldest_due_at(clock.now())
    return round(max(0.0, (clock.now() - due_at).total_seconds()), 3) if due_at else 0.0
