"""Postgres and Redis for a run: those the environment names, else embedded ones."""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .console import Console
from .errors import ServiceError
from .postgres import EmbeddedPostgres
from .provision import Urls, drop, provision
from .redis import EmbeddedRedis
from .server import EmbeddedServer

DATABASE = "aeterna"
UNFINISHED = "unfinished"
VARIABLES = {
    "app": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "platform": "DATABASE_PLATFORM_URL",
}


@dataclass(frozen=True, slots=True)
class Services:
    """The addresses of the servers, and those of them that are ours to keep alive.

    `superuser_url` is the embedded Postgres's; of a server of somebody else we know none.
    """

    urls: Urls
    redis_url: str
    embedded: tuple[EmbeddedServer, ...] = field(default=())
    superuser_url: str = field(default="", repr=False)


def start_services(stack: ExitStack, *, folder: Path, console: Console) -> Services:
    """Return servers that answer; the embedded ones end with `stack`. Raises ServiceError."""
    urls, embedded, superuser_url = _external_urls(), list[EmbeddedServer](), ""
    if urls is None:
        postgres = EmbeddedPostgres(state_dir=folder)
        with console.step("Starting Postgres"):
            stack.enter_context(postgres)
            forget_unfinished(folder, postgres)
            superuser_url = postgres.superuser_url
            urls = provision(superuser_url, database=DATABASE, passwords=postgres.passwords)
        embedded.append(postgres)
    else:
        console.say(f"  Using the Postgres at {_place(urls.app)}")
    redis_url = os.environ.get("REDIS_URL")
    if redis_url:
        console.say(f"  Using the Redis at {_place(redis_url)}")
    else:
        redis = EmbeddedRedis(state_dir=folder)
        with console.step("Starting Redis"):
            stack.enter_context(redis)
        embedded.append(redis)
        redis_url = redis.url
    return Services(
        urls=urls, redis_url=redis_url, embedded=tuple(embedded), superuser_url=superuser_url
    )


def forget_unfinished(folder: Path, postgres: EmbeddedPostgres) -> None:
    """Drop the database of a first start that was killed before it had loaded everything.

    Nobody ever worked in it, and what is half loaded can neither be used nor completed.
    """
    mark = folder / UNFINISHED
    if mark.exists():
        drop(postgres.superuser_url, database=DATABASE)
        shutil.rmtree(folder / "agents", ignore_errors=True)
        mark.unlink()


def _external_urls() -> Urls | None:
    given = {role: os.environ.get(name, "") for role, name in VARIABLES.items()}
    if not any(given.values()):
        return None
    missing = [VARIABLES[role] for role, url in given.items() if not url]
    if missing:
        raise ServiceError(
            f"{', '.join(missing)} must be set too: a database of your own needs the addresses "
            "of all three roles (see python -m aeterna_portal.local.provision --help)."
        )
    return Urls(**given)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'local socket'}{f':{parts.port}' if parts.port else ''}"
