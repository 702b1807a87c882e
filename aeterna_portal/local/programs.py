"""The processes a running portal consists of, in the order they start."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .supervisor import Program

AGENTS = ("a1", "a2")
FIRST_AGENT_PORT = 8181
CELERY = ("-m", "celery", "-A", "aeterna_portal")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of one run is reached."""

    host: str
    port: int
    public_url: str
    agent_ports: tuple[int, ...]

    @property
    def local_url(self) -> str:
        """The portal's address on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else self.host
        return f"http://{host}:{self.port}"

    @property
    def agent_urls(self) -> tuple[str, ...]:
        """The Cedar agents' addresses."""
        return tuple(f"http://127.0.0.1:{port}" for port in self.agent_ports)


def programs(
    *, folder: Path, addresses: Addresses, environment: Mapping[str, str]
) -> tuple[Program, ...]:
    """Return what runs beside the servers; `folder` keeps the state."""
    python = sys.executable
    commands = {
        "web": (python, *_web(addresses)),
        "worker": (python, *CELERY, "worker", *_worker()),
        "beat": (python, *CELERY, "beat", *_beat(folder)),
        "relay": (python, "manage.py", "relay"),
    }
    # The page first: all at once would share few cores and serve it later.
    served = [
        Program(name, command, environment, waits=name != "web")
        for name, command in commands.items()
    ]
    agents = zip(AGENTS, addresses.agent_ports, strict=True)
    return (
        *served,
        *(_agent(name, port, folder, addresses, environment) for name, port in agents),
    )


def _web(addresses: Addresses) -> tuple[str, ...]:
    return (
        *("-m", "uvicorn", "aeterna_portal.asgi:application"),
        *("--host", addresses.host, "--port", str(addresses.port)),
        *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
        *("--lifespan", "on", "--no-server-header", "--no-access-log"),
        # Whom to believe about the caller is a setting of the portal's own.
        *("--no-proxy-headers", "--timeout-graceful-shutdown", "10"),
    )


def _worker() -> tuple[str, ...]:
    return ("--concurrency", "1", "--loglevel", "INFO")


def _beat(folder: Path) -> tuple[str, ...]:
    # Everything it runs is safe to run twice, so a lost schedule costs nothing.
    return ("--schedule", str(folder / "beat-schedule"), "--pidfile=", "--loglevel", "INFO")


def _agent(
    name: str, port: int, folder: Path, addresses: Addresses, environment: Mapping[str, str]
) -> Program:
    home = folder / "agents" / name
    secret = ("SECRET_KEY", "DATABASE", "REDIS")
    command = (
        str(Path(sys.executable).with_name("aeterna-cedar-agent")),
        *("run", "--portal", addresses.local_url.replace("http", "ws", 1)),
        *("--state-dir", str(home), "--token-file", str(home / "token")),
        *("--listen", f"127.0.0.1:{port}"),
    )
    # It is a stranger to the portal's servers, as it is on other machines.
    own = {key: value for key, value in environment.items() if not key.startswith(secret)}
    return Program(f"agent {name}", command, own, waits=True)
