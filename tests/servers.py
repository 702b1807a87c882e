"""Starts the embedded servers once per run and copies databases for the workers."""

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from aeterna_portal.local.postgres import EmbeddedPostgres
from aeterna_portal.local.provision import Passwords, provision, urls
from aeterna_portal.local.redis import EmbeddedRedis

_mine: list[object] = []


@dataclass(frozen=True)
class Running:
    """The addresses of the run's servers."""

    superuser_url: str
    redis_url: str
    passwords: Passwords

    def create_database(self, name: str) -> dict[str, str]:
        found = provision(
            self.superuser_url, database=name, passwords=self.passwords, createdb=True
        )
        return _as_environment(found)

    def copy_database(self, template: str, name: str) -> dict[str, str]:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER aeterna_owner").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
            connection.execute(
                sql.SQL(
                    "REVOKE ALL ON DATABASE {0} FROM PUBLIC;"
                    "GRANT CONNECT ON DATABASE {0} TO aeterna_app, aeterna_platform"
                ).format(sql.Identifier(name))
            )
            host, port = connection.info.host, connection.info.port
        return _as_environment(urls(host=host, port=port, database=name, passwords=self.passwords))


def start_all(folder: Path) -> Running:
    """Start the servers, or find those another worker of the run started."""
    record = folder / "servers.json"
    if record.exists():
        data = json.loads(record.read_text())
        return Running(data["superuser_url"], data["redis_url"], Passwords(**data["passwords"]))
    postgres = EmbeddedPostgres(state_dir=folder, durable=False)
    postgres.start()
    redis = EmbeddedRedis(state_dir=folder)
    redis.start()
    _mine.extend([postgres, redis])
    passwords = postgres.passwords
    record.write_text(
        json.dumps(
            {
                "superuser_url": postgres.superuser_url,
                "redis_url": redis.url,
                "passwords": {
                    "owner": passwords.owner,
                    "app": passwords.app,
                    "platform": passwords.platform,
                },
            }
        )
    )
    return Running(postgres.superuser_url, redis.url, passwords)


def stop_all(folder: Path) -> None:
    """Stop what the run started, whichever worker started it."""
    for server in reversed(_mine):
        server.stop()


def _as_environment(found: object) -> dict[str, str]:
    return {
        "DATABASE_URL": found.app,
        "DATABASE_OWNER_URL": found.owner,
        "DATABASE_PLATFORM_URL": found.platform,
    }
