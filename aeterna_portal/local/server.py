"""What Postgres and Redis have in common when they run as a child of ours.

A server counts as running only after a connection with its password; a pid alone proves nothing.
One lock per home says who may run it, and falls with the process that holds it. Start a server
from a thread that lives as long as the server shall: the kernel ends it with that thread.
"""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from .childlog import rotate
from .errors import AlreadyRunningError, ServiceError
from .placement import Account, run_as
from .ports import choose_port, remember_port
from .processes import (
    Identity,
    die_with_parent,
    end,
    identify,
    is_alive,
    leaders,
    read_record,
    wait_gone,
    working_in,
    write_record,
)
from .state import load_secrets, lock, open_state

ORPHAN_GRACE_SECONDS = 5.0
PING_INTERVAL_SECONDS = 0.05


class EmbeddedServer(ABC):
    """A server process that is locked, recognised, proven by a connection and ended with us."""

    name: ClassVar[str]
    program: ClassVar[str]
    gentle: ClassVar[signal.Signals]
    passing_troubles: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, *, state_dir: Path, durable: bool = True, start_timeout: float = 60.0
    ) -> None:
        """Prepare a server whose state lives in `state_dir`; nothing is touched before start."""
        self.state_dir = state_dir.absolute()
        self.durable = durable
        self.start_timeout = start_timeout
        self.account: Account | None = None
        self.home = self.state_dir / self.name
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: Identity | None = None
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def log_path(self) -> Path:
        """The file the server writes its log to."""
        return self.state_dir / "logs" / f"{self.name}.log"

    @property
    def data_dir(self) -> Path:
        """The folder with the server's own files."""
        return self.home / "data"

    @property
    def pid(self) -> int:
        """The server's process id; raises ServiceError when it was not started."""
        if self._identity is None:
            raise ServiceError(f"{self.name} was not started")
        return self._identity.pid

    def start(self) -> None:
        """Guarantee a server that answers; raises ServiceError, saying why there is none."""
        open_state(self.state_dir)
        self.log_path.parent.mkdir(mode=0o700, exist_ok=True)
        self.secrets = load_secrets(self.state_dir)
        self._settle()
        try:
            self._lock = lock(self.home / "lock")
        except AlreadyRunningError as error:
            raise AlreadyRunningError(
                f"{self.name} of {self.state_dir} is already in use"
            ) from error
        try:
            rotate(self.log_path)
            self._end_leftovers()
            self._prepare()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server, gently first, and release its lock; safe to call again."""
        if self._identity is not None:
            end([self._identity], steps=self._stop_steps())
        self._reap()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_running(self) -> bool:
        """Tell whether the process started here still lives."""
        return self._identity is not None and is_alive(self._identity)

    def revive(self) -> None:
        """Start a server that died again, on the same port; raises ServiceError if it cannot."""
        port = self.port
        self._reap()
        self._end_leftovers()
        self._launch()
        if self.port != port:
            self.stop()
            raise ServiceError(f"{self.name} cannot return to port {port}: it is in use.")

    def _settle(self) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)

    @abstractmethod
    def _prepare(self) -> None:
        """Create what a first start needs."""

    @abstractmethod
    def _configure(self) -> Sequence[str]:
        """Write the configuration for `self.port` and return the command line."""

    @abstractmethod
    def _ping(self) -> bool:
        """Tell whether our own process answers a connection with the right password."""

    def _stop_steps(self) -> Sequence[tuple[signal.Signals, float]]:
        return ((self.gentle, 30.0), (signal.SIGKILL, 5.0))

    def _launch(self) -> None:
        deadline = time.monotonic() + self.start_timeout
        refused: set[int] = set()
        book = self.state_dir / "ports.json"
        while True:
            self.port = choose_port(book=book, name=self.name, taken=frozenset(refused)).port
            offset = self.log_path.stat().st_size if self.log_path.exists() else 0
            self._spawn(self._configure())
            if self._answers_before(deadline):
                remember_port(book=book, name=self.name, port=self.port)
                return
            self._abandon()
            reason = self._log_since(offset)
            if "Address already in use" in reason:
                refused.add(self.port)
            elif not any(trouble in reason for trouble in self.passing_troubles):
                raise ServiceError(self._failure(reason))
            if time.monotonic() > deadline:
                raise ServiceError(self._failure(reason))
            time.sleep(PING_INTERVAL_SECONDS)

    def _spawn(self, command: Sequence[str]) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.data_dir,
                env=clean_environment(),
                start_new_session=True,
                # It only makes two system calls, so that threads cannot hold it up.
                preexec_fn=die_with_parent(self.gentle),  # noqa: PLW1509
                **run_as(self.account),
            )
        self._identity = identify(self._process.pid)
        if self._identity is not None:
            write_record(self._record, self._identity)

    def _answers_before(self, deadline: float) -> bool:
        while self.is_running() and time.monotonic() < deadline:
            if self._ping():
                return True
            time.sleep(PING_INTERVAL_SECONDS)
        return False

    def _abandon(self) -> None:
        if self._identity is not None:
            end([self._identity], steps=((signal.SIGKILL, 5.0),))
        self._reap()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._record.unlink(missing_ok=True)
        self._process = self._identity = None

    def _end_leftovers(self) -> None:
        recorded = read_record(self._record)
        if recorded is not None:
            end([recorded], steps=self._stop_steps())
        # What a killed server leaves behind notices by itself; a server without record does not.
        left = wait_gone(self._survivors(), seconds=ORPHAN_GRACE_SECONDS)
        end(leaders(left), steps=self._stop_steps())
        left = end(self._survivors(), steps=((signal.SIGKILL, 5.0),))
        if left:
            pids = ", ".join(str(identity.pid) for identity in left)
            raise ServiceError(f"Old {self.name} processes cannot be ended: {pids}.")
        self._record.unlink(missing_ok=True)

    def _survivors(self) -> list[Identity]:
        return working_in(self.data_dir, program=self.program)

    @property
    def _record(self) -> Path:
        return self.home / "process.json"

    def _log_since(self, offset: int) -> str:
        with self.log_path.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def _failure(self, reason: str) -> str:
        last = "\n".join(f"  {line}" for line in reason.strip().splitlines()[-12:])
        said = f" It said:\n{last}" if last else ""
        return f"{self.name} does not start (log: {self.log_path}).{said}"


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would steer Postgres behind our back."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
