"""The command starts, ends, and says what is wrong by its exit status and one line each."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from aeterna_cedar_agent.client import Client

from .agent_process import MakeAgent, synced
from .conftest import SOURCES
from .portal_double import Portal
from .samples import snapshot


def test_sigterm_ends_it_cleanly_and_every_line_is_one_json_object(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    assert agent.stop() == 0
    events = [json.loads(line)["event"] for line in agent.lines]
    assert events[:4] == ["first start", "listening", "connected", "trusting the portal's key"]
    # Which of these two comes first is a matter of luck.
    assert sorted(events[4:]) == ["lease granted", "revision applied", "stopping"]
    assert all({"at", "level", "event"} <= row.keys() for row in agent.log)
    # Nothing that happens on a sound first start is worth a warning.
    assert {row["level"] for row in agent.log} == {"info"}


def test_a_start_whose_stored_revisions_are_all_broken_is_a_warning(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "current.revision").write_bytes(b"broken")
    agent = make_agent(portal_url="ws://127.0.0.1:1")
    assert agent.wait_log("no stored revision can be used")["level"] == "warning"
    agent.wait_log("listening")
    assert agent.stop() == 0
    assert "first start" not in [row["event"] for row in agent.log]


def test_a_second_agent_on_the_same_state_directory_does_not_start(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    synced(portal, make_agent)
    second = make_agent(portal_url=portal.url)
    assert second.wait_exit() == 1
    expected = f"another agent is using {tmp_path}/state"
    assert second.wait_log("cannot start")["error"] == expected


def test_a_busy_address_is_named(portal: Portal, make_agent: MakeAgent, tmp_path: Path) -> None:
    address = f"127.0.0.1:{portal.port}"
    agent = make_agent("--listen", address, portal_url=portal.url)
    assert agent.wait_exit() == 1
    failure = agent.wait_log("cannot start")["error"]
    assert failure.startswith(f"cannot listen on {address}: ")
    assert "in use" in failure


def command(*arguments: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "aeterna_cedar_agent", *arguments],
        env={"PYTHONPATH": str(SOURCES), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_status_prints_what_a_running_agent_says(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    code, printed, _ = command("status", "--listen", agent.address)
    assert code == 0
    assert json.loads(printed)["digest"] == snapshot(1)["digest"]
    address = agent.address
    agent.stop()
    code, printed, said = command("status", "--listen", address)
    assert (code, printed) == (1, "")
    assert said.startswith(f"aeterna-cedar-agent: http://{address}: ")


def test_check_tells_usable_from_unusable_state(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    synced(portal, make_agent).stop()
    state, token = tmp_path / "state", tmp_path / "token"
    known = ("--portal", portal.url, "--state-dir", str(state), "--token-file", str(token))
    code, printed, _ = command("check", *known)
    assert code == 0
    assert f"{state}/current.revision: revision 1, 3 policies" in printed
    assert f"{state}/previous.revision: nothing stored" in printed
    (state / "current.revision").write_bytes(b"junk")
    token.unlink()
    code, printed, _ = command("check", *known)
    assert code == 1
    assert f"token: token file {token}: No such file or directory" in printed
    assert f"{state}/current.revision: file does not match its own digest" in printed


def test_status_and_check_know_the_socket_and_what_callers_wrote(
    make_agent: MakeAgent, tmp_path: Path
) -> None:
    given = ("--socket", str(tmp_path / "a.sock"), "--listen", "none")
    local = ("--state-dir", str(tmp_path / "state"), *given)
    assert command("check", *local)[0] == 0
    agent = make_agent(*given, portal_url=None)
    assert agent.address
    with Client(agent.address) as client:
        assert client.status()["revision"] == 0
    code, printed, _ = command("status", *given)
    assert (code, json.loads(printed)["mode"]) == (0, "standalone")
    agent.stop()
    code, printed, _ = command("check", *local)
    file = tmp_path / "state" / "written.content"
    assert (code, printed.splitlines()[:2]) == (
        0, ["portal: none, callers write", f"listen: {tmp_path}/a.sock"]
    )  # fmt: skip
    assert f"{file}: nothing stored" in printed
    file.write_bytes(b"junk")
    code, printed, _ = command("check", *local)
    assert code == 1
    assert f"{file}: file does not match its own digest" in printed


def test_wrong_settings_end_with_two_and_name_each() -> None:
    code, _, said = command("run", "--listen", "nowhere", "--portal", "nowhere")
    assert code == 2
    assert said.splitlines() == [
        "aeterna-cedar-agent: --listen: 'nowhere' is not host:port",
        "aeterna-cedar-agent: --portal: is not an http, https, ws or wss address",
        "aeterna-cedar-agent: --token-file (or AETERNA_AGENT_TOKEN) is missing",
    ]


def test_sigint_ends_it_cleanly_too(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    assert agent.stop(signal.SIGINT) == 0
