"""A process is recognised by more than its pid and ended no more harshly than needed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aeterna_portal.local.processes import (
    Identity,
    die_with_parent,
    end,
    identify,
    is_alive,
    leaders,
    read_record,
    replace_file,
    wait_gone,
    working_in,
    write_record,
)

PATIENT = "import signal; print('ready', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + PATIENT


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    """Start Python code and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a signal."""
    process = start(PATIENT, tmp_path)
    yield process
    process.kill()
    process.communicate()


def test_identity_holds_while_the_process_lives(patient: subprocess.Popen[str]) -> None:
    identity = identify(patient.pid)
    assert identity is not None
    assert is_alive(identity)
    assert identify(patient.pid) == identity


def test_zombie_counts_as_gone(patient: subprocess.Popen[str]) -> None:
    identity = identify(patient.pid)
    assert identity is not None
    patient.kill()
    assert wait_gone([identity], seconds=10) == []
    assert Path(f"/proc/{patient.pid}").exists()
    assert identify(patient.pid) is None


def test_same_pid_with_another_start_is_somebody_else(patient: subprocess.Popen[str]) -> None:
    assert not is_alive(Identity(pid=patient.pid, started="another boot/1"))


def test_ending_somebody_else_touches_nobody(patient: subprocess.Popen[str]) -> None:
    stale = Identity(pid=patient.pid, started="another boot/1")
    assert end([stale], steps=((signal.SIGKILL, 1.0),)) == []
    assert patient.poll() is None


def test_ending_stops_at_the_first_step_that_works(patient: subprocess.Popen[str]) -> None:
    identity = identify(patient.pid)
    assert identity is not None
    assert end([identity], steps=((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))) == []
    assert patient.wait() == -signal.SIGTERM


def test_ending_goes_on_when_a_step_does_not_work(tmp_path: Path) -> None:
    process = start(STUBBORN, tmp_path)
    identity = identify(process.pid)
    assert identity is not None
    assert end([identity], steps=((signal.SIGTERM, 0.1),)) == [identity]
    assert end([identity], steps=((signal.SIGTERM, 0.1), (signal.SIGKILL, 10.0))) == []
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_processes_of_a_folder_are_found_by_program(
    patient: subprocess.Popen[str], tmp_path: Path
) -> None:
    program = Path(f"/proc/{patient.pid}/comm").read_text().strip()
    identity = identify(patient.pid)
    assert working_in(tmp_path, program=program) == [identity]
    assert working_in(tmp_path, program="postgres") == []
    assert working_in(tmp_path / "absent", program=program) == []


def test_leader_is_the_one_no_other_started(patient: subprocess.Popen[str]) -> None:
    child, parent = identify(patient.pid), identify(os.getpid())
    assert child is not None
    assert parent is not None
    assert leaders([child, parent]) == [parent]
    assert leaders([child]) == [child]


def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys\n"
        "from aeterna_portal.local.processes import die_with_parent\n"
        f"child = subprocess.Popen([sys.executable, '-c', {PATIENT!r}], stdout=subprocess.PIPE,\n"
        "    preexec_fn=die_with_parent(signal.SIGTERM))\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    child = identify(int(parent.stdout.readline()))
    assert child is not None
    parent.kill()
    parent.communicate()
    assert wait_gone([child], seconds=10) == []


def test_tie_to_the_parent_exists_on_linux() -> None:
    assert callable(die_with_parent(signal.SIGTERM)) == sys.platform.startswith("linux")


def test_record_is_read_back_and_private(tmp_path: Path) -> None:
    path, identity = tmp_path / "process.json", Identity(pid=7, started="boot/1")
    write_record(path, identity)
    assert read_record(path) == identity
    assert path.stat().st_mode & 0o777 == 0o600


def test_replaced_file_leaves_no_draft_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    replace_file(path, "old")
    replace_file(path, "new")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [
        ("secrets.json", "new")
    ]
    assert path.stat().st_mode & 0o777 == 0o600
