"""The portal as it runs: web, relay and Cedar agents as processes of their own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.environment import ROOT, base_environment

AGENT = Path(sys.executable).parent / "aeterna-cedar-agent"


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, seconds: float = 30, what: str) -> Any:
    """Return the first truthy answer of `condition`; fail naming `what` it waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if answer := condition():
                return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


@dataclass
class Stack:
    """A running portal; `url` is its address."""

    folder: Path
    urls: dict[str, str]
    redis_url: str
    port: int = field(default_factory=free_port)
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **base_environment(),
            **self.urls,
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": self.url,
            "LOG_LEVEL": "WARNING",
        }

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        child = subprocess.Popen(
            command, cwd=ROOT, env=self.environment(), stdout=log, stderr=subprocess.STDOUT
        )
        self.children[name] = child
        return child

    def start_portal(self) -> None:
        self.start_web()
        self.start_relay()
        wait_until(lambda: httpx.get(f"{self.url}/healthz").status_code, what="the portal")

    def start_web(self, name: str = "web", *, port: int | None = None) -> None:
        self.start(
            name,
            sys.executable,
            "-m",
            "uvicorn",
            "aeterna_portal.asgi:application",
            "--port",
            str(port or self.port),
            "--loop",
            "uvloop",
            "--lifespan",
            "on",
            "--log-level",
            "warning",
        )

    def start_relay(self) -> None:
        self.start("relay", sys.executable, "manage.py", "relay")

    def start_agent(self, name: str, token: str, *, portal: str = "") -> str:
        """Start a Cedar agent with `token`; return the address it answers at.

        It follows `portal`, if that is another address than the portal's own.
        """
        home = self.folder / name
        home.mkdir(exist_ok=True)
        (home / "token").write_text(token)
        port = free_port()
        self.start(
            name,
            str(AGENT),
            "run",
            "--portal",
            portal or self.url,
            "--token-file",
            str(home / "token"),
            "--state-dir",
            str(home),
            "--listen",
            f"127.0.0.1:{port}",
        )
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: httpx.get(f"{address}/healthz").status_code == 200, what=name)
        return address

    def stop(self) -> None:
        for child in reversed(self.children.values()):
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )


class PooledStack(Stack):
    """The portal as it serves people: with connection pools, which the tests go without."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AETERNA_ENVIRONMENT": "demo", "LOG_LEVEL": "ERROR"}


@contextlib.contextmanager
def running_stack(
    folder: Path, urls: dict[str, str], redis_url: str, *, kind: type[Stack] = Stack
) -> Iterator[Stack]:
    """Run a portal until the block ends; on failure its logs are printed."""
    stack = kind(folder=folder, urls=urls, redis_url=redis_url)
    try:
        stack.start_portal()
        yield stack
    except BaseException:
        print(stack.logs())
        raise
    finally:
        stack.stop()
