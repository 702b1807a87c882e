"""Connections of every kind of role, for attacking the wall from outside Django."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest


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
