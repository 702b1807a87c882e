"""Up to which moment everything that was written is also committed."""

from datetime import datetime, timedelta

from django.db import connections

from . import clock
from .tenancy import APP

# How far the clocks of the portal's machines and of the database may be apart.
CLOCKS_APART = timedelta(seconds=5)
# Only the sessions of one's own role show when their transaction began; the portal has one role.
_OLDEST = """
    select least(
        clock_timestamp(),
        (select min(xact_start) from pg_stat_activity
         where datname = current_database() and usename = session_user
           and pid <> pg_backend_pid())
    )
"""


def settled_until() -> datetime:
    """Return a moment before which no row can appear any more that is stamped when written.

    It is before the oldest transaction that is open: whatever that one writes is stamped later.
    No limit on how long a transaction may take is needed; one that is slow only delays the answer.
    """
    moment = clock.now()
    with connections[APP].cursor() as cursor:
        # What a transaction was told of other sessions, it is told again until it asks anew.
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(_OLDEST)
        oldest: datetime = cursor.fetchone()[0]
    return min(moment, oldest) - CLOCKS_APART
