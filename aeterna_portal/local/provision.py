"""Creates the roles, the database and the extensions a portal needs; safe to run again.

On a real server (Postgres 16 or newer with pgvector), as its superuser:

    export AETERNA_SUPERUSER_URL=postgresql://postgres:...@db.example:5432/postgres
    export AETERNA_OWNER_PASSWORD=... AETERNA_APP_PASSWORD=... AETERNA_PLATFORM_PASSWORD=...
    python -m aeterna_portal.local.provision --database aeterna

or review first and run it by hand (nothing is contacted and no password is printed):

    python -m aeterna_portal.local.provision --database aeterna --print > provision.sql
    psql -v owner_password=... -v app_password=... -v platform_password=... -f provision.sql
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

HERE = Path(__file__).parent
OWNER, APP, PLATFORM = "aeterna_owner", "aeterna_app", "aeterna_platform"
PROVISION_LOCK = 7_236_510_412
CREATE_FOR_PSQL = """\
SELECT format('CREATE DATABASE %I OWNER {owner} TEMPLATE template0', {literal})
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal}) \\gexec
"""


@dataclass(frozen=True, slots=True)
class Passwords:
    """The passwords of the three database roles."""

    owner: str
    app: str
    platform: str

    def as_roles(self) -> dict[str, str]:
        """Return role name -> password."""
        return {OWNER: self.owner, APP: self.app, PLATFORM: self.platform}


@dataclass(frozen=True, slots=True)
class Urls:
    """One connection address per database role."""

    owner: str
    app: str
    platform: str


def provision(
    superuser_url: str, *, database: str, passwords: Passwords, createdb: bool = False
) -> Urls:
    """Guarantee roles, `database`, privileges and extensions; return the roles' addresses.

    `createdb` lets the owner create further databases, which only tests need. Existing tables
    keep the privileges they have, and the addresses the query of `superuser_url` (sslmode and the
    like). Raises psycopg.Error when the server refuses.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        # Roles are shared by the whole server: two provisions at once would collide on them.
        connection.execute("SELECT pg_advisory_lock(%s)", (PROVISION_LOCK,))
        verifiers = _verifiers(connection, passwords)
        connection.execute(_filled("roles.sql", {**verifiers, "createdb": _createdb(createdb)}))
        _create_database(connection, database)
        host, port = connection.info.host, connection.info.port
        with psycopg.connect(superuser_url, dbname=database, autocommit=True) as inside:
            inside.execute(_filled("database.sql", {"database": sql.Identifier(database)}))
    return urls(
        host=host,
        port=port,
        database=database,
        passwords=passwords,
        query=urlsplit(superuser_url).query,
    )


def drop(superuser_url: str, *, database: str) -> None:
    """Remove `database` with everything in it, whoever is connected."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )


def urls(*, host: str, port: int, database: str, passwords: Passwords, query: str = "") -> Urls:
    """Return the addresses of the three roles in `database`; `query` is quoted already."""
    by_role = {
        role: role_url(role, password, host=host, port=port, database=database, query=query)
        for role, password in passwords.as_roles().items()
    }
    return Urls(owner=by_role[OWNER], app=by_role[APP], platform=by_role[PLATFORM])


def role_url(
    role: str, password: str, *, host: str, port: int, database: str, query: str = ""
) -> str:
    """Return a postgresql:// address with every part quoted; `query` is quoted already."""
    credentials = f"{quote(role, safe='')}:{quote(password, safe='')}"
    place = f"{quote(host, safe='')}:{port}/{quote(database, safe='')}"
    return f"postgresql://{credentials}@{place}" + (f"?{query}" if query else "")


def script(*, database: str, createdb: bool = False) -> str:
    """Return the same SQL for psql, which fills in the passwords from its variables."""
    name = sql.Identifier(database).as_string(None)
    literal = sql.Literal(database).as_string(None)
    variables = {f"{role}_password": f":'{role}_password'" for role in ("owner", "app", "platform")}
    roles = _text("roles.sql").format(
        createdb="CREATEDB" if createdb else "NOCREATEDB", **variables
    )
    create = CREATE_FOR_PSQL.format(owner=OWNER, literal=literal)
    inside = _text("database.sql").format(database=name)
    return f"\\set ON_ERROR_STOP on\n{roles}\n{create}\\connect {name}\n{inside}"


def _verifiers(
    connection: psycopg.Connection[tuple[object, ...]], passwords: Passwords
) -> dict[str, sql.Composable]:
    # Hashed here, so that no password appears in the server's log or in pg_stat_activity.
    found: dict[str, sql.Composable] = {}
    for role, password in passwords.as_roles().items():
        verifier = connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        found[f"{role.removeprefix('aeterna_')}_password"] = sql.Literal(verifier.decode())
    return found


def _create_database(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
    if known.fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(database), sql.Identifier(OWNER)
            )
        )


def _createdb(allowed: bool) -> sql.Composable:
    return sql.SQL("CREATEDB") if allowed else sql.SQL("NOCREATEDB")


def _filled(name: str, values: Mapping[str, sql.Composable]) -> sql.Composed:
    return sql.SQL(_text(name)).format(**values)


def _text(name: str) -> str:
    return (HERE / name).read_text()


def _passwords_from_environment() -> Passwords:
    names = {
        "owner": "AETERNA_OWNER_PASSWORD",
        "app": "AETERNA_APP_PASSWORD",
        "platform": "AETERNA_PLATFORM_PASSWORD",
    }
    missing = [variable for variable in names.values() if not os.environ.get(variable)]
    if missing:
        raise SystemExit(f"Set {', '.join(missing)} to the passwords the roles shall have.")
    return Passwords(**{role: os.environ[variable] for role, variable in names.items()})


def main(arguments: list[str] | None = None) -> int:
    """Provision the server named on the command line, or print the SQL; return the exit code."""
    parser = argparse.ArgumentParser(description="Create the portal's roles and database.")
    parser.add_argument("--superuser-url", default=os.environ.get("AETERNA_SUPERUSER_URL"))
    parser.add_argument("--database", default="aeterna")
    parser.add_argument("--createdb", action="store_true", help="owner may create databases")
    parser.add_argument("--print", action="store_true", help="print the SQL for psql instead")
    options = parser.parse_args(arguments)
    if options.print:
        sys.stdout.write(script(database=options.database, createdb=options.createdb))
        return 0
    if not options.superuser_url:
        parser.error("--superuser-url or AETERNA_SUPERUSER_URL is needed")
    try:
        provision(
            options.superuser_url,
            database=options.database,
            passwords=_passwords_from_environment(),
            createdb=options.createdb,
        )
    except psycopg.Error as error:
        sys.stderr.write(f"The server refused: {error}\n")
        return 1
    sys.stdout.write(f"Database {options.database} and its roles are ready.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
