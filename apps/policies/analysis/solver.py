"""Asking solvers in processes that are ended when they do not answer in time."""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

WORKER = Path(__file__).with_name("worker.py")
GRACE_SECONDS = 0.5
START_SECONDS = 30.0
PROCESSES = 2


class Solver(StrEnum):
    CVC5 = "cvc5"
    Z3 = "z3"


class Status(StrEnum):
    SAT = "sat"
    UNSAT = "unsat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a solver said: a world's values if there is one, why not if it does not know."""

    status: Status
    text: str = ""


class _Process:
    """One running worker; anything that goes wrong with it ends it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own file, run by our own interpreter
            [sys.executable, "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", "")},
        )
        self.started = False

    def ask(self, question: dict[str, object], seconds: float) -> Reply:
        """Return the reply to one question, or that there was none within the time."""
        allowed = seconds + (0 if self.started else START_SECONDS)
        line = self._exchange(json.dumps(question).encode() + b"\n", allowed)
        if line is None:
            self.end()
            return Reply(Status.UNKNOWN, "the solver did not answer in time, or died")
        self.started = True
        try:
            said = json.loads(line)
            return Reply(Status(said["status"]), str(said["text"]))
        except (ValueError, KeyError, TypeError):
            self.end()
            return Reply(Status.UNKNOWN, "the solver's reply cannot be read")

    def _exchange(self, question: bytes, seconds: float) -> bytes | None:
        deadline = time.monotonic() + seconds
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            return None
        try:
            stdin.write(question)
            stdin.flush()
        except OSError:
            return None
        held = b""
        while not held.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                return None
            part = os.read(stdout.fileno(), 65536)
            if not part:
                return None
            held += part
        return held

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Kill the process and wait for it; harmless if it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Pool:
    """At most so many workers at once, kept for the next question; none is shared past a fork."""

    def __init__(self, processes: int) -> None:
        self.slots = threading.BoundedSemaphore(processes)
        self.lock = threading.Lock()
        self.idle: list[_Process] = []

    @contextlib.contextmanager
    def process(self) -> Iterator[_Process]:
        with self.slots:
            process = self._idle() or _Process()
            try:
                yield process
            except BaseException:
                process.end()
                raise
            if process.is_alive:
                with self.lock:
                    self.idle.append(process)

    def _idle(self) -> _Process | None:
        with self.lock:
            while self.idle:
                process = self.idle.pop()
                if process.is_alive:
                    return process
                process.end()
        return None

    def close(self) -> None:
        """End every idle worker."""
        with self.lock:
            held, self.idle = self.idle, []
        for process in held:
            process.end()


_pools = {os.getpid(): Pool(PROCESSES)}


def _forget_parent() -> None:
    """After a fork the parent's workers are the parent's: drop them without ending them."""
    _parents.update(_pools)
    _pools.clear()
    _pools[os.getpid()] = Pool(PROCESSES)


# Held so that their pipes are not closed, nor waited for, by a child that does not own them.
_parents: dict[int, Pool] = {}
os.register_at_fork(after_in_child=_forget_parent)


def close() -> None:
    """End this process's idle workers; the next question starts a new one."""
    for pool in list(_pools.values()):
        pool.close()


atexit.register(close)


def ask(script: str, values: str, *, solver: Solver, timeout_ms: int) -> Reply:
    """Return what `solver` says within `timeout_ms` and a grace of half a second."""
    question: dict[str, object] = {
        "solver": solver.value,
        "script": script,
        "values": values,
        "timeout_ms": timeout_ms,
    }
    with _pools[os.getpid()].process() as process:
        return process.ask(question, timeout_ms / 1000 + GRACE_SECONDS)
