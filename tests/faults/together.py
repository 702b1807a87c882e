"""Running things at the same moment, each on database connections of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from apps.kernel.tenancy import SETTING
from tests.journeys.stack import wait_until


class Working:
    """A call that runs in a thread; `outcome` is what it returned or raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.outcome: Any = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcome = self._call()
        except Exception as error:
            self.outcome = error
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close()

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def ended(self, *, seconds: float = 30) -> Any:
        """Return the outcome; fail if the call does not end."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"still running after {seconds} s"
        return self.outcome


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at once and return what each returned or raised, in their order."""
    barrier = threading.Barrier(len(calls))

    def at_once(call: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            barrier.wait(10)
            return call()

        return run

    return [working.ended() for working in [Working(at_once(call)) for call in calls]]


@contextmanager
def row_locked(tenant_id: Any, table: str, row_id: Any) -> Iterator["Lock"]:
    """Hold the lock of one row on a connection of its own until the block ends."""
    settings = connections["default"].get_connection_params()
    wanted = {k: settings[k] for k in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**wanted) as holder, psycopg.connect(**wanted, autocommit=True) as watcher:
        holder.execute("select set_config(%s, %s, true)", (SETTING, str(tenant_id)))
        found = holder.execute(f"select 1 from {table} where id = %s for update", (row_id,))
        assert found.fetchone(), f"no row {row_id} in {table}"
        yield Lock(holder, watcher)


class Lock:
    """A held row lock that knows who waits for it."""

    def __init__(self, holder: psycopg.Connection[Any], watcher: psycopg.Connection[Any]) -> None:
        self._holder = holder
        self._watcher = watcher

    def release(self) -> None:
        self._holder.rollback()

    def wait_for_waiter(self, count: int = 1) -> None:
        """Return when `count` other sessions wait for a lock, directly or not."""
        wait_until(lambda: self.waiters() >= count, what=f"{count} sessions waiting for a lock")

    def waiters(self) -> int:
        """Return how many sessions wait for a lock now."""
        row = self._watcher.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone()
        return int(row[0])
