"""Recognising, recording and ending operating-system processes without trusting a bare pid."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one that was given the same pid."""

    pid: int
    started: str


def identify(pid: int) -> Identity | None:
    """Return who runs under `pid` now, or None when nobody does or only its zombie is left."""
    started = _started_from_proc(pid) if _has_proc() else _started_from_ps(pid)
    return None if started is None else Identity(pid=pid, started=started)


def is_alive(identity: Identity) -> bool:
    """Tell whether that very process still runs; a reused pid and a zombie count as gone."""
    return identify(identity.pid) == identity


def write_record(path: Path, identity: Identity) -> None:
    """Leave `identity` in `path` (0600) so that a later start can recognise the process."""
    replace_file(path, json.dumps(asdict(identity)))


def read_record(path: Path) -> Identity | None:
    """Return the recorded identity, or None when the record is absent, truncated or garbage."""
    try:
        content = json.loads(path.read_text())
        return Identity(pid=int(content["pid"]), started=str(content["started"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def replace_file(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `path` at once and durably: a crash leaves the old content or the new, never half."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def working_in(folder: Path, *, program: str) -> list[Identity]:
    """Return the live processes of `program` that work in `folder`, in the order of their pids."""
    pids = _pids_by_proc(folder, program) if _has_proc() else _pids_by_ps(folder, program)
    return [identity for pid in sorted(pids) if (identity := identify(pid)) is not None]


def leaders(identities: Sequence[Identity]) -> list[Identity]:
    """Return those of the processes that none of the others started."""
    pids = {identity.pid for identity in identities}
    return [identity for identity in identities if _parent_of(identity.pid) not in pids]


def end(
    identities: Iterable[Identity], *, steps: Sequence[tuple[signal.Signals, float]]
) -> list[Identity]:
    """Signal the processes step by step (signal, seconds to wait); return those still alive."""
    remaining = [identity for identity in identities if is_alive(identity)]
    for number, seconds in steps:
        for identity in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(identity.pid, number)
        remaining = wait_gone(remaining, seconds=seconds)
        if not remaining:
            break
    return remaining


def wait_gone(identities: Iterable[Identity], *, seconds: float) -> list[Identity]:
    """Wait up to `seconds` for the processes to end; return those still alive."""
    deadline = time.monotonic() + seconds
    remaining = [identity for identity in identities if is_alive(identity)]
    while remaining and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        remaining = [identity for identity in remaining if is_alive(identity)]
    return remaining


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel send `number` when the starting thread dies.

    None where the kernel has no such thing; a later start then ends what the record names.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return arm


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _started_from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The command name may hold spaces and brackets, so count from its closing bracket.
    fields = stat.rpartition(")")[2].split()
    state, start_ticks = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}/{start_ticks}"


def _started_from_ps(pid: int) -> str | None:
    state, _, started = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def _pids_by_proc(folder: Path, program: str) -> list[int]:
    target = folder.resolve()
    entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(entry.name) for entry in entries if _works_as(entry, target, program)]


def _works_as(entry: Path, folder: Path, program: str) -> bool:
    try:
        name = (entry / "comm").read_text().strip()
        return name == program and (entry / "cwd").readlink() == folder
    except OSError:
        # It ended since it was listed, or it belongs to somebody else.
        return False


def _pids_by_ps(folder: Path, program: str) -> list[int]:
    found = []
    for line in _ps("-axo", "pid=,command=").splitlines():
        pid, _, command = line.strip().partition(" ")
        if program in command and str(folder) in command and int(pid) != os.getpid():
            found.append(int(pid))
    return found


def _parent_of(pid: int) -> int | None:
    answer = _ps("-o", "ppid=", "-p", str(pid)).strip() if not _has_proc() else _proc_parent(pid)
    return int(answer) if answer else None


def _proc_parent(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return ""


def _ps(*arguments: str) -> str:
    answer = subprocess.run(
        ["ps", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
    )
    return answer.stdout
