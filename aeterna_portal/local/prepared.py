"""Lets the database say which code prepared it, so that the next start need not do it again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from .state import CHECKOUT

SOURCES = ("apps", "aeterna_portal", "manage.py", "requirements.txt")


def is_prepared(superuser_url: str, *, database: str) -> bool:
    """Tell whether this very code migrated and filled `database` and no migration came since."""
    with psycopg.connect(superuser_url, dbname=database) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (database,),
        ).fetchone()
        return found is not None and found[0] is not None and found[0] == _mark(connection)


def note_prepared(superuser_url: str, *, database: str) -> None:
    """Write into `database` that this code has prepared it, as it stands now."""
    with psycopg.connect(superuser_url, dbname=database) as connection:
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(database), sql.Literal(_mark(connection))
            )
        )


def digest_of_code(checkout: Path = CHECKOUT) -> str:
    """Return the SHA-256 of every source of the portal, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(_sources(checkout)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(checkout)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(checkout: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = checkout / name
        files = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and file.suffix != ".pyc")


def _mark(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    # Somebody who migrates by hand, forth or back, changes what the next start has to do.
    known = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
    last: tuple[object, ...] | None = None
    if known is not None and known[0] is not None:
        last = connection.execute("SELECT count(*), max(id) FROM django_migrations").fetchone()
    return f"Prepared by {digest_of_code()} {last}"
