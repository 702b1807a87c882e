"""Fixtures of the whole suite: real Postgres, Redis and Cedar, as the run-time role."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.environment import locked, migrate, remove, state_folder

TEMPLATE = "aeterna_template"


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = state_folder()
    if config.getoption("numprocesses", None):
        # Servers end with the process that starts them: with several workers, that is this one.
        from tests.servers import start_all

        start_all(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        from tests.servers import stop_all

        folder = state_folder()
        stop_all(folder)
        remove(folder)


def _named(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs the running portal last: its relay would take other tests' deliveries."""
    items.sort(key=lambda item: "stack" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def servers() -> Any:
    """The run's own Postgres, migrated into a template database, and Redis."""
    from tests.servers import start_all

    folder: Path = state_folder()
    with locked(folder / "start.lock"):
        running = start_all(folder)
        if not (folder / "migrated").exists():
            urls = running.create_database(TEMPLATE)
            migrate(urls)
            (folder / "migrated").touch()
    return running


@pytest.fixture(scope="session")
def database_urls(servers: Any, worker_id: str) -> dict[str, str]:
    """This worker's copy of the template, by role."""
    with locked(state_folder() / "start.lock"):
        return servers.copy_database(TEMPLATE, f"aeterna_{worker_id}")


@pytest.fixture(scope="session")
def redis_url(servers: Any, worker_id: str) -> str:
    """This worker's own numbered database in the run's Redis."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    return f"{servers.redis_url.rpartition('/')[0]}/{number}"


@pytest.fixture(scope="session")
def django_db_setup(
    database_urls: dict[str, str], redis_url: str, django_db_blocker: Any
) -> Iterator[None]:
    """Point Django at this worker's database as the run-time, platform and owner roles."""
    from django.conf import settings
    from django.db import connections

    with django_db_blocker.unblock():
        for alias, name in (
            ("default", "DATABASE_URL"),
            ("platform", "DATABASE_PLATFORM_URL"),
            ("owner", "DATABASE_OWNER_URL"),
        ):
            parts = urlsplit(database_urls[name])
            connection = connections[alias]
            connection.close()
            changes = {
                "NAME": parts.path.lstrip("/"),
                "USER": parts.username,
                "PASSWORD": parts.password,
                "HOST": parts.hostname,
                "PORT": str(parts.port),
            }
            connection.settings_dict.update(changes)
            settings.DATABASES[alias].update(changes)
        _use_redis(settings, redis_url)
        yield
        for connection in connections.all():
            connection.close()


def _use_redis(settings: Any, url: str) -> None:
    settings.REDIS_URL = url
    settings.CACHES["default"]["LOCATION"] = url
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [url]
    settings.CELERY_BROKER_URL = url


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker, or `main`."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture
def company(db: None) -> Any:
    """A small company with a person in every role."""
    from tests.factories.company import make_company

    return make_company(slug="acme")


@pytest.fixture
def other_company(db: None) -> Any:
    """A second tenant, from which everything is attacked."""
    from tests.factories.company import make_company

    return make_company(slug="globex")


@pytest.fixture
def committed_company(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """A company whose rows are committed, for tests with several connections; it stays behind."""
    from apps.kernel.ids import uuid7
    from tests.factories.company import make_company

    with django_db_blocker.unblock():
        yield make_company(slug=f"c-{uuid7().hex[-12:]}")
