"""The run-time role is bound by the wall, and a process whose role is not refuses to start."""

import pytest
from django.db import connections

from apps.kernel.database_role import UnsafeRole, require_safe_role

pytestmark = [pytest.mark.gap("MT-C1"), pytest.mark.django_db]


def test_the_tests_run_as_the_run_time_role():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("aeterna_app", "aeterna_app")


def test_the_run_time_role_is_safe():
    require_safe_role()


@pytest.mark.django_db(databases=["default", "owner"])
def test_serving_as_the_owner_is_refused(monkeypatch):
    _serve_as(monkeypatch, "owner")
    with pytest.raises(UnsafeRole, match="owns tables"):
        require_safe_role()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS", "bypasses row-level security"),
        ("CREATEROLE", "may create roles"),
    ],
)
def test_serving_with_too_much_power_is_refused(monkeypatch, servers, change, fault):
    with _as_new_role(monkeypatch, servers, change), pytest.raises(UnsafeRole, match=fault):
        require_safe_role()


@pytest.mark.parametrize("powerful", ["aeterna_owner", "aeterna_platform"])
def test_serving_as_a_member_of_a_powerful_role_is_refused(monkeypatch, servers, powerful):
    with (
        _as_new_role(monkeypatch, servers, "INHERIT", member_of=powerful),
        pytest.raises(UnsafeRole, match="member"),
    ):
        require_safe_role()


@pytest.mark.parametrize("target", ["aeterna_owner", "aeterna_platform", "postgres"])
def test_the_run_time_role_cannot_become_another(connect, target):
    import psycopg

    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)
    ):
        connect("app").execute(f"SET ROLE {target}")


def _serve_as(monkeypatch, alias):
    from apps.kernel import database_role

    monkeypatch.setattr(database_role, "APP", alias)


def _as_new_role(monkeypatch, servers, change, member_of=""):
    import contextlib
    from uuid import uuid4

    import psycopg
    from psycopg import sql

    name = f"probe_{uuid4().hex[:12]}"

    @contextlib.contextmanager
    def served():
        admin = psycopg.connect(servers.superuser_url, autocommit=True)
        target = connections["default"].settings_dict
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'probe-probe' " + change).format(
                sql.Identifier(name)
            )
        )
        if member_of:
            admin.execute(
                sql.SQL("GRANT {} TO {}").format(sql.Identifier(member_of), sql.Identifier(name))
            )
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(target["NAME"]), sql.Identifier(name)
            )
        )
        connection = connections["default"].copy()
        connection.settings_dict = {**target, "USER": name, "PASSWORD": "probe-probe"}
        from apps.kernel import database_role

        monkeypatch.setattr(database_role, "connections", {"default": connection})
        try:
            yield
        finally:
            connection.close()
            admin.execute(
                sql.SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(
                    sql.Identifier(target["NAME"]), sql.Identifier(name)
                )
            )
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
            admin.close()

    return served()
