"""The database says which code prepared it: nothing is prepared twice, and nothing too seldom."""

from pathlib import Path

import psycopg
import pytest

from aeterna_portal.local import prepared
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.prepared import digest_of_code, is_prepared, note_prepared

DATABASE = "postgres"


def run(cluster: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(cluster.superuser_url, dbname=DATABASE, autocommit=True) as connection:
        connection.execute(statement)


def known(cluster: EmbeddedPostgres) -> bool:
    return is_prepared(cluster.superuser_url, database=DATABASE)


def test_database_is_prepared_until_its_migrations_or_the_code_change(
    cluster: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not known(cluster)
    run(cluster, "CREATE TABLE django_migrations (id int)")
    assert not known(cluster)
    run(cluster, "INSERT INTO django_migrations VALUES (1), (2)")
    note_prepared(cluster.superuser_url, database=DATABASE)
    assert known(cluster)

    run(cluster, "DELETE FROM django_migrations WHERE id = 2")
    assert not known(cluster)
    run(cluster, "INSERT INTO django_migrations VALUES (2)")
    assert known(cluster)
    run(cluster, "INSERT INTO django_migrations VALUES (3)")
    assert not known(cluster)

    note_prepared(cluster.superuser_url, database=DATABASE)
    assert known(cluster)
    monkeypatch.setattr(prepared, "digest_of_code", lambda: "of other code")
    assert not known(cluster)


def test_digest_of_code_follows_names_and_contents_of_sources_only(tmp_path: Path) -> None:
    (tmp_path / "apps/orgs/migrations").mkdir(parents=True)
    (tmp_path / "aeterna_portal").mkdir()
    for name in ("manage.py", "requirements.txt", "apps/orgs/migrations/0001.py"):
        (tmp_path / name).write_text("x")
    first = digest_of_code(tmp_path)
    (tmp_path / "apps/orgs/cached.pyc").write_text("x")
    (tmp_path / "README.md").write_text("x")
    assert digest_of_code(tmp_path) == first

    (tmp_path / "apps/orgs/policy.cedar").write_text("x")
    added = digest_of_code(tmp_path)
    (tmp_path / "apps/orgs/policy.cedar").write_text("y")
    changed = digest_of_code(tmp_path)
    (tmp_path / "apps/orgs/policy.cedar").rename(tmp_path / "apps/orgs/other.cedar")
    assert len({first, added, changed, digest_of_code(tmp_path)}) == 4
