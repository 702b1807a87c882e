"""`make run` as a person lives it: it serves, is killed, serves again, and leaves when asked."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aeterna_portal.local.processes import Identity, identify, wait_gone
from aeterna_portal.local.state import CHECKOUT

from .test_ports import free_port

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture
def start(state_dir: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Starts the portal on a port, with nothing of this suite's settings; ends it in the end."""
    started: list[subprocess.Popen[str]] = []
    own = {name: os.environ[name] for name in KEPT if name in os.environ}

    def start_one(port: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "aeterna_portal.local.run"],
            cwd=CHECKOUT,
            env={**own, "AETERNA_STATE_DIR": str(state_dir), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def until_ready(process: subprocess.Popen[str]) -> str:
    """Return what was printed up to the last line of the welcome."""
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if "Begin anew" in line:
            return printed
    raise AssertionError(f"it ended with {process.wait()} and said:\n{printed}")


def tree_of(pid: int) -> list[Identity]:
    """Return a process and everything it started, from the leaves to the root."""
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent]
    return [one for found_pid in reversed(found) if (one := identify(found_pid)) is not None]


def fetch(url: str | urllib.request.Request) -> bytes:
    """Return the body of an address on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def agents_of(printed: str) -> list[str]:
    """Return who the agents are, asked at the addresses that were printed."""
    section = printed.partition("Cedar agents\n")[2].partition("\n\n")[0]
    urls = re.findall(r"http://\S+", section)
    assert len(urls) == 2
    return [str(status_of(url)["agent"]) for url in urls]


def answer_to_the_printed_question(printed: str) -> str:
    """Do what the welcome proposes; return the agent's decision."""
    url, _, question = shlex.split(printed.partition("     curl ")[2].partition("\n")[0])
    decision: str = json.loads(fetch(urllib.request.Request(url, question.encode())))["decision"]
    return decision


def status_of(url: str) -> dict[str, object]:
    """Return an agent's status once it follows the portal."""
    while True:
        status: dict[str, object] = json.loads(fetch(f"{url}/v1/status"))
        if status["connected"] and status["revision"] == status["portal_revision"]:
            return status


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_run_serves_survives_a_kill_of_its_whole_tree_and_leaves_when_asked(
    state_dir: Path, start: Callable[[int], subprocess.Popen[str]]
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    first = start(port)
    printed = until_ready(first)
    assert f"Aeterna Portal is at {url}\n" in printed
    assert "Migrating the database" in printed
    assert all(person["email"] in printed for person in people(state_dir))
    assert b"csrf" in fetch(f"{url}/sign-in/")
    agents = agents_of(printed)
    assert answer_to_the_printed_question(printed) == "Deny"

    refused = start(port)
    said, _ = refused.communicate()
    assert (refused.returncode, said) == (
        1,
        f"The portal already runs at {url}. Stop it first (Ctrl-C there).\n",
    )

    for one in tree_of(first.pid):
        # Some end by themselves when those they belong to are killed.
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)
    first.communicate()
    second = start(port)
    printed = until_ready(second)
    assert f"Aeterna Portal is at {url}\n" in printed
    assert "Migrating the database" not in printed
    assert agents_of(printed) == agents

    tree = tree_of(second.pid)
    assert len(tree) > 8
    second.terminate()
    said, _ = second.communicate()
    assert second.returncode == 0
    assert said.endswith("\nStopping. Once more to stop at once.\nStopped.\n")
    assert wait_gone(tree, seconds=10) == []
    assert not (state_dir / "run.json").exists()


def people(folder: Path) -> list[dict[str, str]]:
    """Return the people whose passwords were printed; only the owner may read their file."""
    file = folder / "demo.json"
    assert file.stat().st_mode & 0o077 == 0
    listed: list[dict[str, str]] = json.loads(file.read_text())
    assert listed
    return listed
