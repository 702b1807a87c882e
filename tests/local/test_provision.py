"""Provisioning gives each database role exactly what it needs, however often it runs."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from aeterna_portal.local.placement import installation
from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.provision import Passwords, Urls, main, provision, script
from aeterna_portal.local.state import CHECKOUT

PASSWORDS = Passwords(owner="owner pass/@:", app="app pass", platform="platform pass")
TABLE_RIGHTS = [
    *("SELECT", "INSERT", "UPDATE", "DELETE"),
    *("TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"),
]


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    """Run one statement and return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def urls(cluster: EmbeddedPostgres) -> Urls:
    """The addresses of a provisioned database with one table of the owner's."""
    made = provision(cluster.superuser_url, database="portal", passwords=PASSWORDS)
    ask(made.owner, "CREATE TABLE IF NOT EXISTS note (id bigserial PRIMARY KEY, body text)")
    return made


def test_no_role_stands_above_row_level_security(urls: Urls, cluster: EmbeddedPostgres) -> None:
    rows = ask(
        cluster.superuser_url,
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
        " rolreplication FROM pg_roles WHERE rolname LIKE 'aeterna%' ORDER BY rolname",
    )
    nothing = (False, False, False, False, False)
    assert rows == [
        ("aeterna_app", True, *nothing),
        ("aeterna_owner", True, *nothing),
        ("aeterna_platform", True, *nothing),
    ]


def test_owner_may_create_databases_only_when_asked(cluster: EmbeddedPostgres) -> None:
    query = "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'aeterna_owner'"
    provision(cluster.superuser_url, database="portal", passwords=PASSWORDS, createdb=True)
    assert ask(cluster.superuser_url, query) == [(True,)]
    provision(cluster.superuser_url, database="portal", passwords=PASSWORDS)
    assert ask(cluster.superuser_url, query) == [(False,)]


def test_database_and_schema_belong_to_the_owner(urls: Urls) -> None:
    rows = ask(
        urls.owner,
        "SELECT pg_get_userbyid(datdba), pg_get_userbyid(nspowner) FROM pg_database, pg_namespace"
        " WHERE datname = 'portal' AND nspname = 'public'",
    )
    assert rows == [("aeterna_owner", "aeterna_owner")]


@pytest.mark.parametrize("role", ["app", "platform"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE smuggled (id int)",
        "CREATE TEMP TABLE smuggled (id int)",
        "CREATE SCHEMA smuggled",
        "CREATE DATABASE smuggled",
        "CREATE ROLE smuggled",
        "TRUNCATE note",
        "DROP TABLE note",
        "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
        "SET ROLE aeterna_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION aeterna_owner",
        "CREATE EXTENSION citext",
    ],
)
def test_run_time_role_is_refused(urls: Urls, role: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        ask(getattr(urls, role), statement)
    assert ask(urls.owner, "SELECT to_regclass('note') IS NOT NULL") == [(True,)]
    assert ask(urls.owner, "SELECT to_regclass('smuggled')") == [(None,)]


def test_app_may_not_become_the_platform_role(urls: Urls) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        ask(urls.app, "SET ROLE aeterna_platform")


@pytest.mark.parametrize("role", ["app", "platform"])
def test_run_time_role_holds_four_rights_on_the_owners_tables(urls: Urls, role: str) -> None:
    held = [
        right
        for right in TABLE_RIGHTS
        if ask(getattr(urls, role), f"SELECT has_table_privilege('note', '{right}')")[0][0]
    ]
    assert held == ["SELECT", "INSERT", "UPDATE", "DELETE"]


@pytest.mark.parametrize("role", ["app", "platform"])
def test_run_time_role_can_use_the_owners_sequences(urls: Urls, role: str) -> None:
    address = getattr(urls, role)
    first = ask(address, "INSERT INTO note (body) VALUES ('a') RETURNING body")
    assert first == [("a",)]
    with pytest.raises(errors.InsufficientPrivilege):
        ask(address, "SELECT setval('note_id_seq', 1)")


def test_owners_functions_are_not_for_everybody(urls: Urls) -> None:
    ask(urls.owner, "CREATE OR REPLACE FUNCTION secret() RETURNS int RETURN 1")
    with pytest.raises(errors.InsufficientPrivilege):
        ask(urls.app, "SELECT secret()")


def test_owner_can_hand_a_function_over_but_inherits_no_right(urls: Urls) -> None:
    ask(urls.owner, "CREATE OR REPLACE FUNCTION across() RETURNS int RETURN 1")
    ask(urls.owner, "GRANT CREATE ON SCHEMA public TO aeterna_platform")
    ask(urls.owner, "ALTER FUNCTION across() OWNER TO aeterna_platform")
    ask(urls.owner, "REVOKE CREATE ON SCHEMA public FROM aeterna_platform")
    rows = ask(
        urls.owner,
        "SELECT inherit_option, set_option, admin_option FROM pg_auth_members"
        " WHERE roleid = 'aeterna_platform'::regrole AND member = 'aeterna_owner'::regrole",
    )
    assert rows == [(False, True, False)]
    ask(urls.owner, "SET ROLE aeterna_platform; DROP FUNCTION across()")


def test_a_stranger_to_the_database_cannot_connect(urls: Urls, cluster: EmbeddedPostgres) -> None:
    ask(cluster.superuser_url, "DROP ROLE IF EXISTS stranger")
    ask(cluster.superuser_url, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(urls.app, user="stranger", password="stranger")


def test_extensions_are_there(urls: Urls) -> None:
    rows = ask(urls.app, "SELECT extname FROM pg_extension ORDER BY extname")
    assert rows == [("btree_gin",), ("pg_trgm",), ("plpgsql",), ("vector",)]
    assert ask(urls.app, "SELECT '[1,2]'::vector <-> '[1,3]'::vector") == [(1.0,)]


def test_second_run_changes_passwords_and_gives_back_no_revoked_right(
    urls: Urls, cluster: EmbeddedPostgres
) -> None:
    ask(urls.owner, "CREATE TABLE IF NOT EXISTS log (body text)")
    ask(urls.owner, "REVOKE UPDATE, DELETE ON log FROM aeterna_app")
    changed = Passwords(owner="new owner", app="new app", platform="new platform")
    again = provision(cluster.superuser_url, database="portal", passwords=changed)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(urls.app)
    rows = ask(
        again.app,
        "SELECT has_table_privilege('log', 'INSERT'), has_table_privilege('log', 'UPDATE'),"
        " has_table_privilege('log', 'DELETE')",
    )
    assert rows == [(True, False, False)]


def test_no_password_reaches_the_server_in_clear(cluster: EmbeddedPostgres) -> None:
    ask(cluster.superuser_url, "ALTER ROLE postgres SET log_statement = 'all'")
    try:
        provision(cluster.superuser_url, database="portal", passwords=PASSWORDS)
    finally:
        ask(cluster.superuser_url, "ALTER ROLE postgres RESET log_statement")
    log = cluster.log_path.read_text()
    assert "ALTER ROLE aeterna_app" in log
    assert "SCRAM-SHA-256$" in log
    assert all(password not in log for password in PASSWORDS.as_roles().values())


def test_provisions_at_the_same_time_do_not_collide(cluster: EmbeddedPostgres) -> None:
    code = (
        "import sys; from aeterna_portal.local.provision import Passwords, provision;"
        "provision(sys.argv[1], database=sys.argv[2],"
        " passwords=Passwords(owner='a', app='b', platform='c'))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, cluster.superuser_url, f"parallel_{number % 2}"],
            cwd=CHECKOUT,
        )
        for number in range(4)
    ]
    assert [process.wait() for process in started] == [0, 0, 0, 0]


def test_printed_script_does_the_same_with_psql(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "provision.sql"
    file.write_text(script(database="by 'hand\""))
    values = {f"{role}_password": f"hand {role}" for role in ("owner", "app", "platform")}
    done = subprocess.run(
        [
            *(str(installation(account=None) / "bin" / "psql"), cluster.superuser_url, "-qX"),
            *(f"-v{name}={value}" for name, value in values.items()),
            *("-f", str(file)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    parts = conninfo_to_dict(
        cluster.superuser_url, user="aeterna_app", password="hand app", dbname="by 'hand\""
    )
    with psycopg.connect(**parts) as connection:
        extensions = connection.execute("SELECT count(*) FROM pg_extension").fetchone()
        assert extensions == (4,)


def test_command_provisions_with_passwords_of_the_environment(
    cluster: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for role in ("OWNER", "APP", "PLATFORM"):
        monkeypatch.setenv(f"AETERNA_{role}_PASSWORD", f"command {role}")
    assert main(["--superuser-url", cluster.superuser_url, "--database", "by_command"]) == 0
    assert capsys.readouterr().out == "Database by_command and its roles are ready.\n"
    with psycopg.connect(
        cluster.superuser_url, user="aeterna_app", password="command APP", dbname="by_command"
    ) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("aeterna_app",)


def test_command_names_every_missing_password(
    cluster: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("OWNER", "APP", "PLATFORM"):
        monkeypatch.delenv(f"AETERNA_{role}_PASSWORD", raising=False)
    monkeypatch.setenv("AETERNA_APP_PASSWORD", "given")
    with pytest.raises(SystemExit, match="AETERNA_OWNER_PASSWORD, AETERNA_PLATFORM_PASSWORD"):
        main(["--superuser-url", cluster.superuser_url, "--database", "never_made"])
    query = "SELECT count(*) FROM pg_database WHERE datname = 'never_made'"
    assert ask(cluster.superuser_url, query) == [(0,)]


def test_command_without_a_server_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AETERNA_SUPERUSER_URL", raising=False)
    with pytest.raises(SystemExit):
        main([])
    assert "--superuser-url or AETERNA_SUPERUSER_URL is needed" in capsys.readouterr().err


def test_command_reports_a_server_that_refuses(
    urls: Urls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for role in ("OWNER", "APP", "PLATFORM"):
        monkeypatch.setenv(f"AETERNA_{role}_PASSWORD", "x")
    assert main(["--superuser-url", urls.app, "--database", "portal"]) == 1
    assert "The server refused" in capsys.readouterr().err


def test_addresses_keep_how_the_server_wants_to_be_reached(cluster: EmbeddedPostgres) -> None:
    address = f"{cluster.superuser_url}?sslmode=prefer&connect_timeout=7"
    made = provision(address, database="portal", passwords=PASSWORDS)
    assert made.app.endswith("/portal?sslmode=prefer&connect_timeout=7")
    assert ask(made.app, "SELECT current_user") == [("aeterna_app",)]
