"""`make run`: servers, migrations, demo company and every process of the portal, until Ctrl-C."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .childlog import rotate
from .console import Console
from .errors import AlreadyRunningError, ServiceError
from .ports import choose_port, remember_port, remembered_port
from .prepared import is_prepared, note_prepared
from .processes import die_with_parent, replace_file
from .programs import AGENTS, FIRST_AGENT_PORT, Addresses, programs
from .services import DATABASE, UNFINISHED, Services, start_services
from .state import CHECKOUT, environment, load_secrets, lock, open_state, state_dir
from .supervisor import Supervisor, end_leftovers
from .welcome import wait_until_served, welcome

DEFAULT_PORT = 8000
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the portal from the state in `folder`."""

    folder: Path
    console: Console
    started: float = field(default_factory=time.monotonic)

    def until_stopped(self) -> None:
        """Start everything and return after an orderly stop; raises ServiceError."""
        self.console.say(f"Aeterna Portal (state in {self.folder})")
        for name in end_leftovers(self.folder):
            self.console.say(f"  Ended {name}, which an earlier run left behind")
        with ExitStack() as stack:
            services = start_services(stack, folder=self.folder, console=self.console)
            addresses = self._choose_addresses()
            variables = self._variables(services, addresses)
            self._prepare(services, variables)
            replace_file(self.folder / "run.json", json.dumps({"url": addresses.public_url}))
            asyncio.run(self._supervise(services, addresses, variables))

    async def _supervise(
        self, services: Services, addresses: Addresses, variables: Mapping[str, str]
    ) -> None:
        supervisor = Supervisor(
            programs=programs(folder=self.folder, addresses=addresses, environment=variables),
            servers=services.embedded,
            folder=self.folder,
            cwd=CHECKOUT,
            console=self.console,
        )

        async def until_serving() -> None:
            with self.console.step("Starting the portal"):
                await wait_until_served(addresses.local_url)
            self._remember_ports(addresses)

        async def announce() -> None:
            with self.console.step("Starting the agents"):
                for url in addresses.agent_urls:
                    await wait_until_served(url)
            self.console.say(f"  {'Ready after':<34}{time.monotonic() - self.started:6.1f} s")
            self.console.say(welcome(folder=self.folder, addresses=addresses))

        await supervisor.run(until_serving=until_serving, announce=announce)

    def _choose_addresses(self) -> Addresses:
        host = os.environ.get("HOST") or "127.0.0.1"
        wanted = [("web", _wanted_port(), host)]
        wanted += [
            (f"agent {name}", FIRST_AGENT_PORT + place, "127.0.0.1")
            for place, name in enumerate(AGENTS)
        ]
        chosen: list[int] = []
        for name, port, where in wanted:
            choice = choose_port(
                book=self.folder / "ports.json",
                name=name,
                preferred=port,
                host=where,
                taken=frozenset(chosen),
            )
            chosen.append(choice.port)
            if choice.message:
                self.console.say(f"  {choice.message}")
        web, *agents = chosen
        public_url = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{web}"
        return Addresses(host=host, port=web, public_url=public_url, agent_ports=tuple(agents))

    def _remember_ports(self, addresses: Addresses) -> None:
        names = ("web", *(f"agent {name}" for name in AGENTS))
        for name, port in zip(names, (addresses.port, *addresses.agent_ports), strict=True):
            remember_port(book=self.folder / "ports.json", name=name, port=port)

    def _variables(self, services: Services, addresses: Addresses) -> dict[str, str]:
        ours = environment(
            folder=self.folder,
            secret_key=load_secrets(self.folder).secret_key,
            urls=services.urls,
            redis_url=services.redis_url,
            port=addresses.port,
            public_url=addresses.public_url,
        )
        # Only migrations know the owner's password: nothing that serves is told.
        del ours["DATABASE_OWNER_URL"]
        inherited = {**os.environ, "PYTHONUNBUFFERED": "1"}
        inherited.pop("DATABASE_OWNER_URL", None)
        return {**inherited, **ours}

    def _prepare(self, services: Services, variables: Mapping[str, str]) -> None:
        if services.superuser_url and self._is_prepared(services.superuser_url):
            return
        owner = {**variables, "DATABASE_OWNER_URL": services.urls.owner}
        unfinished = self.folder / UNFINISHED
        if services.superuser_url and not self._has_served():
            unfinished.touch()
        with self.console.step("Migrating the database"):
            self._manage(owner, "migrate", "--database", "owner")
        with self.console.step("Loading the demo company"):
            self._manage(variables, "load_demo", "--agent-token-dir", str(self.folder / "agents"))
        if services.superuser_url:
            note_prepared(services.superuser_url, database=DATABASE)
        unfinished.unlink(missing_ok=True)

    def _is_prepared(self, superuser_url: str) -> bool:
        files = [self.folder / "demo.json"]
        files += [self.folder / "agents" / name / "token" for name in AGENTS]
        return all(file.exists() for file in files) and is_prepared(
            superuser_url, database=DATABASE
        )

    def _has_served(self) -> bool:
        return remembered_port(book=self.folder / "ports.json", name="web") is not None

    def _manage(self, variables: Mapping[str, str], *arguments: str) -> None:
        log = self.folder / "logs" / "setup.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        rotate(log)
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        with log.open("ab") as file:
            file.write(done.stdout)
        if done.returncode != 0:
            lines = done.stdout.decode(errors="replace").strip().splitlines()[-15:]
            last = "\n".join(f"  {line}" for line in lines)
            raise ServiceError(f"manage.py {arguments[0]} failed (log: {log}). It said:\n{last}")


def main() -> int:
    """Run the portal until it is stopped; return the exit code."""
    console, folder = Console(), open_state(state_dir())
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        held = lock(folder / "run.lock")
    except AlreadyRunningError:
        console.say(f"The portal already runs{_where(folder)}. Stop it first (Ctrl-C there).")
        return 1
    try:
        Run(folder=folder, console=console).until_stopped()
    except ServiceError as error:
        console.say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        console.say("\nStopped.")
        return INTERRUPTED
    finally:
        (folder / "run.json").unlink(missing_ok=True)
        os.close(held)
    console.say("Stopped.")
    return 0


def _wanted_port() -> int:
    given = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise ServiceError(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def _where(folder: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return f" at {json.loads((folder / 'run.json').read_text())['url']}"
    return ", and is still starting"


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
