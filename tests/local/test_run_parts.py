"""What `make run` decides before anything starts, and what it prints in the end."""

import io
import json
import os
import re
import shlex
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from aeterna_portal.local import run
from aeterna_portal.local.console import Console
from aeterna_portal.local.errors import ServiceError
from aeterna_portal.local.programs import Addresses, programs
from aeterna_portal.local.services import UNFINISHED, VARIABLES, start_services
from aeterna_portal.local.state import lock
from aeterna_portal.local.welcome import is_served, welcome

ADDRESSES = Addresses(
    host="0.0.0.0", port=8000, public_url="https://portal.example", agent_ports=(8181, 8182)
)
PEOPLE = [
    {"name": "Ada Admin", "email": "ada@x.example", "password": "pw-1", "role": "Admin at X"},
    {"name": "Dan Dev", "email": "dan@x.example", "password": "pw-2", "role": "Architect at x/y"},
]


def test_agents_are_told_no_secret_of_the_portal(tmp_path: Path) -> None:
    told = {
        "SECRET_KEY": "s",
        "DATABASE_URL": "d",
        "DATABASE_PLATFORM_URL": "p",
        "REDIS_URL": "r",
        "PATH": "/bin",
    }
    by_name = {
        one.name: one for one in programs(folder=tmp_path, addresses=ADDRESSES, environment=told)
    }
    assert list(by_name) == ["web", "worker", "beat", "relay", "agent a1", "agent a2"]
    assert by_name["web"].environment == told
    assert by_name["agent a1"].environment == {"PATH": "/bin"}
    assert [name for name, one in by_name.items() if not one.waits] == ["web"]


def test_agents_reach_the_portal_on_this_machine_with_their_own_token(tmp_path: Path) -> None:
    agent = programs(folder=tmp_path, addresses=ADDRESSES, environment={})[-1]
    options = dict(zip(agent.command[2::2], agent.command[3::2], strict=True))
    assert options == {
        "--portal": "ws://127.0.0.1:8000",
        "--state-dir": str(tmp_path / "agents" / "a2"),
        "--token-file": str(tmp_path / "agents" / "a2" / "token"),
        "--listen": "127.0.0.1:8182",
    }


def test_addresses_of_some_roles_only_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@127.0.0.1/x")
    with (
        ExitStack() as stack,
        pytest.raises(ServiceError, match="DATABASE_OWNER_URL, DATABASE_PLATFORM_URL must be set"),
    ):
        start_services(stack, folder=tmp_path, console=Console(io.StringIO()))
    assert list(tmp_path.iterdir()) == []


def test_servers_named_by_the_environment_are_used_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role, name in VARIABLES.items():
        monkeypatch.setenv(name, f"postgresql://{role}:secret@db.example:6432/x")
    monkeypatch.setenv("REDIS_URL", "redis://:secret@cache.example/0")
    output = io.StringIO()
    with ExitStack() as stack:
        services = start_services(stack, folder=tmp_path, console=Console(output))
    assert services.urls.owner == "postgresql://owner:secret@db.example:6432/x"
    assert services.redis_url == "redis://:secret@cache.example/0"
    assert services.embedded == ()
    assert output.getvalue() == (
        "  Using the Postgres at db.example:6432\n  Using the Redis at cache.example\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty", "80.5"])
def test_impossible_port_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(ServiceError, match=f"PORT must be a number from 1 to 65535, not '{port}'"):
        run._wanted_port()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ('{"url": "http://127.0.0.1:8123"}', " at http://127.0.0.1:8123. Stop it first"),
        (None, ", and is still starting. Stop it first"),
        ("{", ", and is still starting. Stop it first"),
    ],
)
def test_second_run_says_where_the_first_one_is_and_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    record: str | None,
    said: str,
) -> None:
    monkeypatch.setenv("AETERNA_STATE_DIR", str(tmp_path))
    if record:
        (tmp_path / "run.json").write_text(record)
    held = lock(tmp_path / "run.lock")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(run, "Console", lambda: Console(io.StringIO()))
    output = io.StringIO()
    monkeypatch.setattr(run, "Console", lambda: Console(output))
    assert run.main() == 1
    os.close(held)
    assert f"The portal already runs{said}" in output.getvalue()
    assert sorted(tmp_path.iterdir()) == before


def test_welcome_tells_where_who_and_what_next(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps(PEOPLE))
    text = welcome(folder=tmp_path, addresses=ADDRESSES)
    assert "Aeterna Portal is at https://portal.example" in text
    assert "  Ada Admin   Admin at X         ada@x.example   pw-1\n" in text
    assert "  Dan Dev     Architect at x/y   dan@x.example   pw-2\n" in text
    assert "  http://127.0.0.1:8181\n  http://127.0.0.1:8182\n" in text
    assert "Sign in as Dan" in text
    assert "Sign in as Ada in a private window" in text
    command = shlex.split(text.partition("     curl ")[2].partition("\n")[0])
    assert command[:2] == ["http://127.0.0.1:8181/v1/is_authorized", "-d"]
    assert json.loads(command[2])["resource"] == 'Dependency::"lodash"'


@pytest.mark.parametrize("content", ["", "{", "{}", '[{"name": "only"}]', "7"])
def test_welcome_does_without_a_damaged_list_of_people(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content)
    text = welcome(folder=tmp_path, addresses=ADDRESSES)
    assert "Aeterna Portal is at https://portal.example" in text
    assert "Who can sign in" not in text


class Answering(BaseHTTPRequestHandler):
    """Answers 200 on /healthz and 503 elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def test_portal_counts_as_served_when_it_answers_200(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        answers = [is_served(f"{url}/healthz"), is_served(f"{url}/other")]
        server.shutdown()
        thread.join()
    assert answers == [True, False]
    assert not is_served(f"{url}/healthz")


def test_step_prints_its_duration_and_survives_a_failure() -> None:
    output = io.StringIO()
    console = Console(output)
    with console.step("Thinking"):
        pass
    with pytest.raises(ZeroDivisionError), console.step("Dividing"):
        _ = 1 / 0
    first, second = output.getvalue().splitlines()
    assert first.startswith("  Thinking")
    assert first.endswith(" s")
    assert second.strip() == "Dividing"


def test_terminal_that_went_away_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    console = Console(os.fdopen(writing, "w", buffering=1))
    console.join("web")
    with console.step("Speaking to nobody"):
        console.say("anybody there?")
    console.relay("web", b"WARNING: nobody there")


def test_interrupted_step_is_named_again_when_it_is_done() -> None:
    output = io.StringIO()
    console = Console(output)
    with console.step("Thinking"):
        console.tell("web", "WARNING: hm")
    first, second, third = output.getvalue().splitlines()
    assert first.strip() == "Thinking"
    assert second.endswith("| WARNING: hm")
    assert re.fullmatch(r"  Thinking +\d+\.\d s", third)


def serve_from(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Start the services of `folder`, run one statement as the owner, stop them."""
    with ExitStack() as stack:
        services = start_services(stack, folder=folder, console=Console(io.StringIO()))
        with psycopg.connect(services.urls.owner, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("unfinished", [True, False])
def test_half_loaded_demo_of_a_killed_first_start_is_forgotten_and_nothing_else(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, unfinished: bool
) -> None:
    for name in (*VARIABLES.values(), "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    serve_from(state_dir, "CREATE TABLE loaded AS SELECT 1")
    token = state_dir / "agents" / "a1" / "token"
    token.parent.mkdir(parents=True)
    token.touch()
    if unfinished:
        (state_dir / UNFINISHED).touch()
    found = serve_from(state_dir, "SELECT to_regclass('loaded') IS NOT NULL")
    assert found == [(not unfinished,)]
    assert token.exists() == (not unfinished)
    assert not (state_dir / UNFINISHED).exists()
