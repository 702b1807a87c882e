"""Keeps a set of processes running together: restarts one that dies, stops all in reverse order.

Honcho's own manager stops everything when one process ends, ends all at the same moment and leaves
its helpers behind when it is killed itself, so only its printer is used.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .childlog import ChildLog
from .console import Console
from .errors import ServiceError
from .processes import die_with_parent, end, identify, read_record, write_record
from .server import EmbeddedServer

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
MOST_RESTARTS = 5
RESTART_WINDOW_SECONDS = 60.0
SERVER_CHECK_SECONDS = 0.5
LAST_WORDS_SECONDS = 2.0
CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running; one that `waits` starts when the others serve."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    waits: bool = False
    stop_seconds: float = 15.0


@dataclass(slots=True)
class Child:
    """A program, the process it runs as now, and when it ended of its own accord lately."""

    program: Program
    log: ChildLog
    process: asyncio.subprocess.Process | None = None
    reading: asyncio.Task[None] | None = None
    ends: deque[float] = field(default_factory=deque)


class Supervisor:
    """Runs programs until one cannot be kept alive or somebody says stop."""

    def __init__(
        self,
        *,
        programs: Sequence[Program],
        servers: Sequence[EmbeddedServer],
        folder: Path,
        cwd: Path,
        console: Console,
    ) -> None:
        """Prepare to run `programs` from `cwd`, with logs and records below `folder`."""
        self._children = [
            Child(program, ChildLog(folder / "logs" / f"{program.name}.log"))
            for program in programs
        ]
        self._servers = servers
        self._records = folder / "processes"
        self._cwd = cwd
        self._console = console
        self._serving = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(
        self,
        *,
        until_serving: Callable[[], Awaitable[None]],
        announce: Callable[[], Awaitable[None]],
    ) -> None:
        """Return after an orderly stop; raise ServiceError when something cannot be kept alive.

        `until_serving` returns once the programs that do not wait can be used; then the others
        start, and `announce` tells the world.
        """
        self._records.mkdir(mode=0o700, exist_ok=True)
        for child in self._children:
            self._console.join(child.program.name)
        with self._signals():
            work = [self._watch_servers(), self._begin(until_serving, announce)]
            work += [self._keep(child) for child in self._children]
            tasks = [asyncio.create_task(one) for one in work]
            try:
                # None of them ends before somebody says stop, unless it fails.
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._stop_all()
                await _cancel(tasks)
        for task in done:
            task.result()

    async def _begin(
        self,
        until_serving: Callable[[], Awaitable[None]],
        announce: Callable[[], Awaitable[None]],
    ) -> None:
        await until_serving()
        self._serving.set()
        await announce()
        await self._stopping.wait()

    async def _keep(self, child: Child) -> None:
        if child.program.waits:
            await self._serving.wait()
        while not self._stopping.is_set():
            status = await self._run_once(child)
            if not self._stopping.is_set():
                await asyncio.sleep(self._pause_after(child, status))

    async def _run_once(self, child: Child) -> int:
        # A pipe of our own: asyncio's would report the end only when nobody holds it any more,
        # and what a killed program started still does.
        ours, theirs = os.pipe()
        process = child.process = await self._spawn(child.program, output=theirs)
        record = self._records / f"{child.program.name}.json"
        identity = identify(process.pid)
        if identity is not None:
            write_record(record, identity)
        child.reading = asyncio.create_task(self._read(child, ours))
        status = await process.wait()
        _kill_group(process.pid)
        record.unlink(missing_ok=True)
        await asyncio.wait([child.reading], timeout=LAST_WORDS_SECONDS)
        child.reading.cancel()
        return status

    async def _spawn(self, program: Program, *, output: int) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *program.command,
                cwd=self._cwd,
                env=program.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        except OSError as error:
            raise ServiceError(f"{program.name} cannot be started: {error}") from error
        finally:
            os.close(output)

    async def _read(self, child: Child, descriptor: int) -> None:
        reader = asyncio.StreamReader()
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        with contextlib.closing(transport):
            while chunk := await reader.read(CHUNK_BYTES):
                for line in child.log.write(chunk):
                    self._console.relay(child.program.name, line)

    def _pause_after(self, child: Child, status: int) -> float:
        now = time.monotonic()
        child.ends.append(now)
        while child.ends[0] < now - RESTART_WINDOW_SECONDS:
            child.ends.popleft()
        name, reason = child.program.name, _reason(status)
        if len(child.ends) > MOST_RESTARTS:
            raise ServiceError(
                f"{name} ended {len(child.ends)} times within a minute, at last {reason}. "
                f"Its log is {child.log.path} and ends with:\n{child.log.last_lines()}"
            )
        pause: float = min(FIRST_PAUSE_SECONDS * 2 ** (len(child.ends) - 1), LONGEST_PAUSE_SECONDS)
        self._console.tell(name, f"ended {reason}; starts again in {pause:g} s ({child.log.path})")
        return pause

    async def _watch_servers(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(SERVER_CHECK_SECONDS)
            for server in self._servers:
                if not server.is_running():
                    self._console.tell(server.name, "ended unasked; starts again")
                    # In this thread, though it holds the others up: the server ends with the
                    # thread that started it.
                    server.revive()

    async def _stop_all(self) -> None:
        self._stopping.set()
        for child in reversed(self._children):
            process = child.process
            if process is None or process.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), child.program.stop_seconds)
            except TimeoutError:
                self._console.tell(child.program.name, "does not stop and is killed")
                _kill_group(process.pid)
                await process.wait()
        readings = [child.reading for child in self._children if child.reading is not None]
        if readings:
            await asyncio.wait(readings, timeout=LAST_WORDS_SECONDS)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._console.say("\nStopping. Once more to stop at once.")
            return
        for child in self._children:
            if child.process is not None and child.process.returncode is None:
                _kill_group(child.process.pid)


def end_leftovers(folder: Path) -> list[str]:
    """End what a killed run left behind below `folder`; return the names of what was found."""
    records = sorted((folder / "processes").glob("*.json"))
    alive = {path: identity for path in records if (identity := read_record(path)) is not None}
    found = [path.stem for path, identity in alive.items() if identify(identity.pid) == identity]
    end(alive.values(), steps=((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)))
    for path in records:
        path.unlink()
    return found


def _kill_group(leader: int) -> None:
    # ProcessLookupError when all are gone, PermissionError on macOS when only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _reason(status: int) -> str:
    if status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with exit status {status}"
