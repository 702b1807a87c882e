"""The Python client says what the agent decided, and raises whenever it did not."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent.client import (
    AgentError,
    AnswerError,
    AsyncClient,
    Client,
    QuestionRefusedError,
    UnreachableError,
    entity,
)

from .agent_process import AgentProcess, MakeAgent
from .conftest import SOURCES
from .samples import ENTITIES, OWNER_MAY, TEAM_MAY, question

ANN = ('User::"ann"', 'Action::"view"', 'Doc::"plan"')
BOB = ('User::"bob"', 'Action::"view"', 'Doc::"plan"')
NOBODY = ('User::"nobody"', 'Action::"view"', 'Doc::"plan"')


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "api-token").write_text("Bearer api-key")
    running = AgentProcess(
        portal_url=None,
        state_dir=folder / "state",
        token_file=folder / "none",
        extra=("--api-token-file", str(folder / "api-token"), "--socket", str(folder / "a.sock")),
        sources=SOURCES,
    )
    known = {"Authorization": "Bearer api-key"}
    policies = [{"id": "owner", "content": OWNER_MAY}, {"id": "team", "content": TEAM_MAY}]
    assert running.ask("PUT", "/v1/data", ENTITIES, headers=known)[0] == 200
    assert running.ask("PUT", "/v1/policies", policies, headers=known)[0] == 200
    yield running
    running.end()


@pytest.fixture(params=["address", "socket"])
def address(request: pytest.FixtureRequest, agent: AgentProcess) -> str:
    """The agent's address, and its socket."""
    if request.param == "address":
        return f"http://{agent.address}"
    lines = [row["address"] for row in agent.log if row["event"] == "listening"]
    return str(next(line for line in lines if line.startswith("unix:")))


def test_a_decision_comes_with_its_reasons(address: str) -> None:
    with Client(address, token="Bearer api-key") as client:
        assert client.is_allowed(*ANN)
        assert client.is_allowed(*NOBODY) is False
        found = client.ask(*BOB)
        assert (found.is_allowed, found.reasons, found.staleness) == (True, ("owner",), "fresh")
        assert found.revision == client.status()["revision"]
        # A decision taken for a truth value must not be true for a Deny.
        assert [bool(found), bool(client.ask(*NOBODY))] == [True, False]
        many = client.ask_many([question("ann"), question("nobody"), question("bob")])
        assert [one.is_allowed for one in many] == [True, False, True]
        assert client.ask_many([]) == []
        new = [{**ENTITIES[3], "uid": {"type": "Doc", "id": "new"}}]
        mine = (BOB[0], BOB[1], entity("Doc", "new"))
        assert client.is_allowed(*mine, additional_entities=new, context={"mfa": True})
        assert not client.is_allowed(*mine)


async def test_the_client_of_an_event_loop_says_the_same(address: str) -> None:
    async with AsyncClient(address, token="Bearer api-key") as client:
        assert await client.is_allowed(*ANN)
        assert await client.is_allowed(*NOBODY) is False
        found = await client.ask(*BOB, context={"mfa": True})
        assert found.reasons == ("owner",)
        many = await client.ask_many([question("ann"), question("nobody")])
        assert [one.is_allowed for one in many] == [True, False]
        assert (await client.status())["mode"] == "standalone"
        with pytest.raises(QuestionRefusedError, match=r"^400: principal: must be an entity"):
            await client.is_allowed("ann", *ANN[1:])


def test_what_the_agent_refuses_is_raised_in_its_words(address: str) -> None:
    with Client(address, token="Bearer api-key") as client:
        with pytest.raises(QuestionRefusedError) as caught:
            client.is_allowed("ann", *ANN[1:])
        assert (caught.value.code, caught.value.description.split(":")[0]) == (400, "principal")
        assert client.is_allowed(*ANN)
    with Client(address) as stranger, pytest.raises(QuestionRefusedError, match=r"^401: "):
        stranger.is_allowed(*ANN)


def test_an_agent_that_is_away_is_raised_and_found_again(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    path = tmp_path / "agent.sock"
    given = ("--socket", str(path), "--listen", "none")
    first = make_agent(*given, portal_url=None)
    with Client(first.address) as client:
        assert client.is_allowed(*ANN) is False
        first.stop()
        with pytest.raises(UnreachableError, match=f"^unix:{path}: "):
            client.is_allowed(*ANN)
        assert make_agent(*given, portal_url=None).address
        assert client.is_allowed(*ANN) is False


def test_a_connection_the_agent_closed_meanwhile_is_opened_again(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    path = tmp_path / "agent.sock"
    given = ("--socket", str(path), "--listen", "none")
    first = make_agent(*given, portal_url=None)
    with Client(first.address) as client:
        assert client.is_allowed(*ANN) is False
        first.kill()
        assert make_agent(*given, portal_url=None).address
        assert client.is_allowed(*ANN) is False


async def test_nobody_there_is_an_error_in_both_clients() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with Client(nowhere) as client, pytest.raises(UnreachableError, match=f"^{nowhere}: "):
        client.is_allowed(*ANN)
    async with AsyncClient(nowhere) as client:
        with pytest.raises(UnreachableError, match=f"^{nowhere}: "):
            await client.is_allowed(*ANN)


class _Told(BaseHTTPRequestHandler):
    """Answers what the test put into the server."""

    def do_POST(self) -> None:
        status, content = self.server.told  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, b"", AnswerError),
        (200, b"[]", AnswerError),
        (200, b"{}", AnswerError),
        (200, b'{"decision": "allow", "diagnostics": {"reason": [], "errors": []}}', AnswerError),
        (200, b'{"decision": true, "diagnostics": {"reason": [], "errors": []}}', AnswerError),
        (200, b'{"decision": "Allow"}', AnswerError),
        (200, b'{"decision": "Allow", "diagnostics": null}', AnswerError),
        (500, b'{"decision": "Allow", "diagnostics": {"reason": []}}', QuestionRefusedError),
        (302, b"", QuestionRefusedError),
        (503, b"proxy", QuestionRefusedError),
    ],
)
async def test_what_is_no_decision_is_never_taken_for_one(
    status: int, content: bytes, kind: type[AgentError]
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Told) as server:
        server.told = (status, content)  # type: ignore[attr-defined]
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            with Client(address) as client, pytest.raises(kind):
                await asyncio.to_thread(client.is_allowed, *ANN)
            async with AsyncClient(address) as client:
                with pytest.raises(kind):
                    await client.is_allowed(*ANN)
        finally:
            server.shutdown()
            serving.join()


async def test_an_agent_that_never_answers_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen()
        blocking = Client(f"unix:{path}", timeout_seconds=0.05)
        with blocking, pytest.raises(UnreachableError, match="timed out"):
            blocking.is_allowed(*ANN)
        async with AsyncClient(f"unix:{path}", timeout_seconds=0.05) as client:
            with pytest.raises(UnreachableError, match="TimeoutError"):
                await client.is_allowed(*ANN)


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1:8180", "unix:", "unix:a.sock", "ftp://h", "http://", "http://h/v1",
     "http://u@h", "http://h:x", "http://h?x"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match=r"unix|path|Port"):
            kind(address)


@pytest.mark.parametrize(
    ("id_", "written"),
    [("ann", '"ann"'), ('a"b\\', r'"a\"b\\"'), ("it's\n", r'"it\'s\n"'), ("\x07", r'"\u{7}"')],
)
def test_an_entity_is_written_as_cedar_writes_it(id_: str, written: str) -> None:
    assert entity("A::User", id_) == f"A::User::{written}"
