"""Connections of every kind of role, for attacking the wall from outside Django."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from apps.kernel.ids import uuid7
from tests.tenancy.catalog import tenant_tables
from tests.tenancy.population import Populated, populate


@pytest.fixture
def connect(database_urls: dict[str, str], servers: Any) -> Iterator[Any]:
    """Open raw connections by role name: app, platform, owner, superuser; closed afterwards."""
    opened: list[psycopg.Connection[Any]] = []
    addresses = {
        "app": database_urls["DATABASE_URL"],
        "platform": database_urls["DATABASE_PLATFORM_URL"],
        "owner": database_urls["DATABASE_OWNER_URL"],
    }

    def open_as(role: str, **options: Any) -> psycopg.Connection[Any]:
        connection = psycopg.connect(addresses[role], **options)
        opened.append(connection)
        return connection

    yield open_as
    for connection in opened:
        connection.close()


@pytest.fixture
def owner_cursor(connect: Any) -> Iterator[Any]:
    """A cursor of the owner in a transaction that is rolled back."""
    connection = connect("owner")
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()


@pytest.fixture(scope="session")
def superuser(servers: Any, database_urls: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """The server's superuser in the test database: the witness of what really happened."""
    database = urlsplit(database_urls["DATABASE_URL"]).path
    parts = urlsplit(servers.superuser_url)
    with psycopg.connect(urlunsplit(parts._replace(path=database))) as connection:
        yield connection


@pytest.fixture(scope="session")
def populated(
    django_db_setup: None, django_db_blocker: Any, superuser: psycopg.Connection[Any]
) -> tuple[Populated, Populated]:
    """The victim and the attacker: two committed companies with a row in every table."""
    with django_db_blocker.unblock():
        return (
            populate(slug=f"victim-{uuid7().hex[-12:]}", superuser=superuser),
            populate(slug=f"attacker-{uuid7().hex[-12:]}", superuser=superuser),
        )


@pytest.fixture(scope="session")
def victim(populated: tuple[Populated, Populated]) -> Populated:
    """The company that is attacked."""
    return populated[0]


@pytest.fixture(scope="session")
def attacker(populated: tuple[Populated, Populated]) -> Populated:
    """The company from which the other is attacked."""
    return populated[1]


@pytest.fixture
def fingerprint(superuser: psycopg.Connection[Any]) -> Any:
    """Return a function that digests every row a tenant has, in every table."""

    def digest(tenant_id: UUID) -> dict[str, str]:
        with superuser.cursor() as cursor:
            found = {}
            for table in tenant_tables(cursor):
                cursor.execute(
                    sql.SQL(
                        "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                        " FROM {} t WHERE tenant_id = %s"
                    ).format(sql.Identifier(table)),
                    [tenant_id],
                )
                found[table] = cursor.fetchone()[0]
        superuser.rollback()
        return found

    return digest
