"""The agent listens on a socket only its group may open, and stops without dropping anything."""

import asyncio
import errno
import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path

import aiohttp
import pytest
from aeterna_cedar_agent import service
from aeterna_cedar_agent.client import Client
from aeterna_cedar_agent.config import Listen
from aeterna_cedar_agent.doors import Doors, bind_path
from aeterna_cedar_agent.parts import StartError
from aiohttp import web

from .agent_process import MakeAgent
from .samples import question
from .test_http import start


def test_a_socket_is_a_door_of_its_own(make_agent: MakeAgent, tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    agent = make_agent("--socket", str(path), "--listen", "none", portal_url=None)
    assert agent.address == f"unix:{path}"
    mode = path.stat().st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)
    with Client(agent.address) as client:
        assert client.status()["mode"] == "standalone"
    assert [row["address"] for row in agent.log if row["event"] == "listening"] == [agent.address]
    assert agent.stop() == 0
    assert not path.exists()


def test_a_socket_is_a_door_beside_the_address(make_agent: MakeAgent, tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    agent = make_agent("--socket", str(path), portal_url=None)
    agent.wait_log("listening", address=f"unix:{path}")
    with Client(f"unix:{path}") as client:
        assert client.status() == agent.ask("GET", "/v1/status")[1]


def test_a_socket_left_by_a_kill_is_replaced(make_agent: MakeAgent, tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    given = ("--socket", str(path), "--listen", "none")
    first = make_agent(*given, portal_url=None)
    assert first.address
    first.kill()
    assert path.exists()
    again = make_agent(*given, portal_url=None)
    with Client(again.address) as client:
        assert client.status()["revision"] == 0


def test_a_socket_in_use_and_a_file_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with bind_path(path) as used:
        used.listen()
        with pytest.raises(OSError, match="another process listens there") as caught:
            bind_path(path)
        assert caught.value.errno == errno.EADDRINUSE
        assert path.exists()
    note = tmp_path / "note"
    note.write_text("mine")
    with pytest.raises(FileExistsError, match="is there already and is no socket"):
        bind_path(note)
    assert note.read_text() == "mine"


async def test_where_one_door_cannot_open_none_is(tmp_path: Path) -> None:
    doors = Doors(web.Application())
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    path = tmp_path / "missing" / "agent.sock"
    expected = f"cannot listen on unix:{path}: No such file or directory"
    with pytest.raises(StartError, match=expected):
        await doors.open(listen=Listen(host="127.0.0.1", port=port), path=path)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_what_is_being_answered_is_answered_before_the_end(tmp_path: Path) -> None:
    asked, stopping, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        asked.set()
        await goes_on.wait()
        return web.Response(text="answered")

    async def stops(_app: web.Application) -> None:
        stopping.set()

    app = web.Application()
    app.router.add_get("/", slow)
    app.on_shutdown.append(stops)
    doors, path = Doors(app), tmp_path / "agent.sock"
    await doors.open(listen=None, path=path)

    async def ask() -> str:
        connector = aiohttp.UnixConnector(str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://agent/") as answer,
        ):
            return await answer.text()

    asking = asyncio.create_task(ask())
    await asked.wait()
    closing = asyncio.create_task(doors.close())
    await stopping.wait()
    assert not path_accepts(path)
    assert not closing.done()
    goes_on.set()
    assert await asking == "answered"
    await closing
    assert not path.exists()


def path_accepts(path: Path) -> bool:
    """Tell whether a new connection would be taken."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


def test_decisions_made_before_the_end_are_on_disk_after_it(tmp_path: Path) -> None:
    agent = start(tmp_path)
    try:
        for _ in range(30):
            assert agent.ask("POST", "/v1/is_authorized", question())[0] == 200
        assert agent.stop(signal.SIGTERM) == 0
    finally:
        agent.end()
    segments = sorted((tmp_path / "state" / "decisions").glob("*.jsonl"))
    lines = [json.loads(line) for file in segments for line in file.read_text().splitlines()]
    assert [row["sequence"] for row in lines] == list(range(1, 31))


def test_a_stop_that_hangs_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    ended = threading.Event()

    def leave(status: int) -> None:
        left.append(status)
        ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    service.leave_in(0)
    assert ended.wait(10)
    assert left == [1]
