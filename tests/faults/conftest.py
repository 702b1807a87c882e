"""A portal over servers of its own, which may be broken."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.provision import provision
from aeterna_portal.local.redis import EmbeddedRedis
from aeterna_portal.local.server import EmbeddedServer
from tests.environment import migrate
from tests.factories.company import TestCompany
from tests.journeys.stack import PooledStack, Stack, wait_until

ALIASES = {"default": "DATABASE_URL", "platform": "DATABASE_PLATFORM_URL"}


@dataclass
class Ruin:
    """A portal whose servers a test may end and bring back."""

    stack: Stack
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis

    def end(self, server: EmbeddedServer, how: signal.Signals) -> None:
        os.kill(server.pid, how)
        wait_until(lambda: not server.is_running(), what=f"the end of {server.name}")

    def crash_postgres(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End Postgres without a word to anybody and start it again."""
        self.end(self.postgres, how)
        drop_connections()
        self.postgres.revive()

    def company(self) -> TestCompany:
        """Return a new company of this portal."""
        from apps.kernel.ids import uuid7
        from tests.factories.company import make_company

        return make_company(slug=f"c-{uuid7().hex[-12:]}")


@pytest.fixture(scope="module")
def own_folder() -> Iterator[Path]:
    """A folder that the servers' account can always enter, unlike those that pytest makes."""
    folder = Path(tempfile.mkdtemp(prefix="aeterna-faults-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ruin(ruined: Ruin) -> Iterator[Ruin]:
    """The portal, whole again for the next test whatever one leaves behind."""
    yield ruined
    for server in (ruined.postgres, ruined.redis):
        if not server.is_running():
            server.revive()
    stack = ruined.stack
    for name, start in (("web", stack.start_web), ("relay", stack.start_relay)):
        if stack.children[name].poll() is not None:
            start()
    wait_until(lambda: httpx.get(f"{stack.url}/healthz").status_code, what="the portal")


@pytest.fixture(scope="module")
def ruined(own_folder: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Ruin]:
    """A portal with pools, a relay and servers of its own; Django here speaks to its database."""
    folder = own_folder
    with (
        EmbeddedPostgres(state_dir=folder / "state") as postgres,
        EmbeddedRedis(state_dir=folder / "state", durable=False) as redis,
    ):
        urls = provision(
            postgres.superuser_url, database="ruin", passwords=postgres.passwords, createdb=True
        )
        named = {
            "DATABASE_URL": urls.app,
            "DATABASE_PLATFORM_URL": urls.platform,
            "DATABASE_OWNER_URL": urls.owner,
        }
        migrate(named)
        (folder / "logs").mkdir()
        stack = PooledStack(folder=folder / "logs", urls=named, redis_url=redis.url)
        try:
            with django_db_blocker.unblock(), pointed_at(named):
                stack.start_portal()
                yield Ruin(stack=stack, postgres=postgres, redis=redis)
        finally:
            print(stack.logs())
            stack.stop()


def drop_connections() -> None:
    """Forget the connections of this process: their server is gone."""
    from django.db import connections

    for connection in connections.all():
        connection.close()


class pointed_at:  # noqa: N801 - reads as the function it stands for
    """Let Django here speak to other databases until the block ends."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls

    def __enter__(self) -> None:
        from django.db import connections

        self._kept = {alias: dict(connections[alias].settings_dict) for alias in ALIASES}
        for alias, name in ALIASES.items():
            parts = urlsplit(self._urls[name])
            _point(
                alias,
                {
                    "NAME": parts.path.lstrip("/"),
                    "USER": parts.username,
                    "PASSWORD": parts.password,
                    "HOST": parts.hostname,
                    "PORT": str(parts.port),
                },
            )

    def __exit__(self, *_error: object) -> None:
        for alias, kept in self._kept.items():
            _point(alias, kept)


def _point(alias: str, changes: dict[str, Any]) -> None:
    from django.db import connections

    connections[alias].close()
    connections[alias].settings_dict.update(changes)
