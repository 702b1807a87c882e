"""The supervisor keeps its programs running, and takes all of them down with it."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import redis

from aeterna_portal.local import supervisor as module
from aeterna_portal.local.console import Console
from aeterna_portal.local.errors import ServiceError
from aeterna_portal.local.processes import (
    Identity,
    identify,
    is_alive,
    wait_gone,
    working_in,
    write_record,
)
from aeterna_portal.local.redis import EmbeddedRedis
from aeterna_portal.local.supervisor import Program, Supervisor, end_leftovers

NOTE = "import os, pathlib, signal, sys; note = pathlib.Path('note').open('a', buffering=1)\n"
PATIENT = (
    NOTE
    + """
def leave(*_):
    note.write(f'{sys.argv[1]} left\\n')
    sys.exit()
signal.signal(signal.SIGTERM, leave)
note.write(f'{sys.argv[1]} came\\n')
while True: signal.pause()
"""
)
STUBBORN = (
    NOTE
    + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nnote.write('came\\n')\n"
    + ("while True: signal.pause()\n")
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.01)


def program(name: str, code: str, *, waits: bool = False, stop_seconds: float = 30) -> Program:
    """A program of a few lines of Python, told its own name."""
    command = (sys.executable, "-c", code, name)
    return Program(name, command, dict(os.environ), waits=waits, stop_seconds=stop_seconds)


def notes(folder: Path) -> list[str]:
    """What the programs wrote down, in order."""
    file = folder / "note"
    return file.read_text().splitlines() if file.exists() else []


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; the test's own timeout ends the wait."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def supervise(
    folder: Path,
    programs: Sequence[Program],
    *,
    until: Callable[[], object],
    servers: Sequence[EmbeddedRedis] = (),
    serving: Callable[[], object] = lambda: True,
) -> str:
    """Run `programs` until `until` holds, then ask for the stop; return what was printed."""
    output = io.StringIO()
    runner = Supervisor(
        programs=programs, servers=servers, folder=folder, cwd=folder, console=Console(output)
    )

    async def stop_at_the_end() -> None:
        await eventually(until)
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = asyncio.create_task(stop_at_the_end())
    try:
        await runner.run(
            until_serving=lambda: eventually(serving), announce=lambda: eventually(lambda: True)
        )
    finally:
        stopper.cancel()
    return output.getvalue()


async def test_programs_leave_in_the_reverse_order_of_their_coming(tmp_path: Path) -> None:
    trio = [program(name, PATIENT) for name in ("first", "second", "third")]
    await supervise(tmp_path, trio, until=lambda: len(notes(tmp_path)) == 3)
    assert notes(tmp_path)[3:] == ["third left", "second left", "first left"]


async def test_program_that_waits_starts_when_the_others_serve(tmp_path: Path) -> None:
    pair = [program("early", PATIENT, waits=True), program("web", PATIENT)]
    await supervise(
        tmp_path,
        pair,
        serving=lambda: "web came" in notes(tmp_path),
        until=lambda: "early came" in notes(tmp_path),
    )
    assert notes(tmp_path)[:2] == ["web came", "early came"]


async def test_program_that_ends_is_started_again_and_named(tmp_path: Path) -> None:
    code = NOTE + "note.write('came\\n')\nsys.exit(3)"
    printed = await supervise(
        tmp_path, [program("flighty", code)], until=lambda: len(notes(tmp_path)) >= 2
    )
    assert "flighty" in printed
    assert "ended with exit status 3; starts again in 0.01 s" in printed


async def test_killed_program_is_started_again(tmp_path: Path) -> None:
    code = NOTE + (
        "note.write('came\\n')\n"
        "if pathlib.Path('note').read_text() == 'came\\n': os.kill(os.getpid(), 9)\n"
        "while True: signal.pause()"
    )
    printed = await supervise(
        tmp_path, [program("victim", code)], until=lambda: len(notes(tmp_path)) == 2
    )
    assert "ended by SIGKILL" in printed


async def test_program_that_cannot_stay_stops_everything_with_its_last_words(
    tmp_path: Path,
) -> None:
    pair = [program("steady", PATIENT), program("hopeless", "print('no such luck'); exit(7)")]
    with pytest.raises(ServiceError) as caught:
        await supervise(tmp_path, pair, until=lambda: False)
    message = str(caught.value)
    assert "hopeless ended 6 times within a minute, at last with exit status 7" in message
    assert f"{tmp_path}/logs/hopeless.log" in message
    assert "  no such luck" in message
    assert working_in(tmp_path, program="python3") == []
    assert list((tmp_path / "processes").iterdir()) == []


async def test_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"ghost cannot be started: .*no-such-program"):
        await supervise(
            tmp_path, [Program("ghost", ("/no-such-program",), {})], until=lambda: False
        )


async def test_stubborn_program_is_killed_in_the_end(tmp_path: Path) -> None:
    printed = await supervise(
        tmp_path,
        [program("mule", STUBBORN, stop_seconds=0.1)],
        until=lambda: notes(tmp_path) == ["came"],
    )
    assert "does not stop and is killed" in printed


async def test_what_a_killed_program_started_does_not_outlive_it(tmp_path: Path) -> None:
    code = NOTE + (
        "import subprocess\n"
        "idle = [sys.executable, '-c', 'import signal; signal.pause()']\n"
        "if not pathlib.Path('note').read_text():\n"
        "    note.write(f'{subprocess.Popen(idle).pid}\\n')\n"
        "    os.kill(os.getpid(), 9)\n"
        "note.write('came again\\n')\n"
        "while True: signal.pause()"
    )
    await supervise(tmp_path, [program("parent", code)], until=lambda: len(notes(tmp_path)) == 2)
    assert identify(int(notes(tmp_path)[0])) is None


async def test_server_that_dies_is_brought_back_to_its_port(state_dir: Path) -> None:
    with EmbeddedRedis(state_dir=state_dir) as server:
        port, first = server.port, server.pid
        killed = identify(first)
        assert killed is not None
        client = redis.Redis.from_url(server.url)
        client.set("answer", "42")
        client.close()
        os.kill(first, signal.SIGKILL)
        assert wait_gone([killed], seconds=10) == []
        printed = await supervise(
            state_dir, [], servers=[server], until=lambda: server.is_running() and server.port
        )
        assert "redis" in printed
        assert "ended unasked; starts again" in printed
        assert (server.port, server.pid != first) == (port, True)
        with redis.Redis.from_url(server.url) as again:
            assert again.get("answer") == b"42"


async def test_warnings_reach_the_terminal_and_everything_reaches_the_log(tmp_path: Path) -> None:
    code = NOTE + (
        "print('all is well')\n"
        "print('WARNING: low on coffee')\n"
        'print(\'{"event": "boom", "level": "error"}\', file=sys.stderr)\n'
        "note.write('said\\n')\n"
        "sys.stdout.flush()\n"
        "while True: signal.pause()"
    )
    log = tmp_path / "logs" / "talker.log"
    printed = await supervise(
        tmp_path,
        [program("talker", code)],
        until=lambda: notes(tmp_path) and len(log.read_text().splitlines()) == 3,
    )
    assert "| WARNING: low on coffee" in printed
    assert '| {"event": "boom", "level": "error"}' in printed
    assert "all is well" not in printed
    assert "all is well" in log.read_text()


def test_leftovers_of_a_killed_run_are_ended_and_forgotten(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    identity = identify(left.pid)
    assert identity is not None
    (tmp_path / "processes").mkdir()
    write_record(tmp_path / "processes" / "web.json", identity)
    (tmp_path / "processes" / "relay.json").write_text("{")
    assert end_leftovers(tmp_path) == ["web"]
    assert wait_gone([identity], seconds=10) == []
    left.wait()
    assert list((tmp_path / "processes").iterdir()) == []


def test_leftover_whose_pid_was_reused_harms_nobody(tmp_path: Path) -> None:
    innocent = identify(os.getpid())
    assert innocent is not None
    (tmp_path / "processes").mkdir()
    stale = Identity(pid=innocent.pid, started="another boot/1")
    write_record(tmp_path / "processes" / "web.json", stale)
    assert end_leftovers(tmp_path) == []
    assert is_alive(innocent)


def test_no_leftovers_where_nothing_ran(tmp_path: Path) -> None:
    assert end_leftovers(tmp_path) == []
