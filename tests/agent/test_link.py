"""A real agent process against a real portal: synced, cut off, misled, and still answering."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from .agent_process import AgentProcess
from .conftest import SOURCES, TOKEN
from .portal_double import AGENT, TENANT, Portal
from .samples import ENTITIES, POLICIES, policy, question, snapshot
from .test_frames import document

MakeAgent = Callable[..., AgentProcess]

NOBODY_MAY = [policy("nobody", "forbid(principal, action, resource);", version=2)]


def decision(agent: AgentProcess) -> tuple[str, int | None]:
    status, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert status == 200
    return answer["decision"], answer["revision"]


def synced(portal: Portal, make_agent: MakeAgent, *extra: str) -> AgentProcess:
    portal.head = snapshot(1)
    agent = make_agent(*extra, portal_url=portal.url)
    portal.wait_for_frame("ack", revision=1)
    return agent


def test_an_agent_connects_receives_acknowledges_and_answers(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.head = snapshot(1)
    agent = make_agent(portal_url=portal.url)
    ack = portal.wait_for_frame("ack")
    assert (ack["revision"], ack["digest"]) == (1, snapshot(1)["digest"])
    assert ack["applied_ms"] > 0
    assert portal.tokens == [f"Bearer {TOKEN}"]
    status, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert (status, answer) == (
        200,
        {
            "decision": "Allow",
            "diagnostics": {"reason": ["owner"], "errors": []},
            "revision": 1,
            "digest": snapshot(1)["digest"],
        },
    )


def test_hello_names_what_is_held(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    portal.cut()
    first, second = portal.wait_for_frames("hello", 2)[:2]
    assert (first["protocol"], first["revision"], first["digest"]) == (1, 0, None)
    assert (second["revision"], second["digest"]) == (1, snapshot(1)["digest"])
    assert agent.stop() == 0


def test_every_frame_the_agent_sends_is_valid_by_the_published_schemas(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    synced(portal, make_agent)
    portal.send(snapshot(2, digest="sha256:wrong"))
    portal.wait_for_frame("nack")
    portal.wait_for_frame("heartbeat")
    for frame in portal.frames:
        name = "agent-heartbeat" if frame["type"] == "heartbeat" else frame["type"]
        Draft202012Validator(document(name)).validate(frame)


def test_a_published_change_changes_the_answer(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    assert decision(agent) == ("Allow", 1)
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)


def test_status_says_who_what_and_since_when(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    status, value = agent.ask("GET", "/v1/status")
    assert status == 200
    assert value.pop("last_sync_at").endswith("+00:00")
    assert value == {
        "revision": 1,
        "digest": snapshot(1)["digest"],
        "connected": True,
        "last_error": None,
        "last_error_at": None,
        "portal": f"ws://127.0.0.1:{portal.port}/ws/agents/v1",
        "portal_revision": None,
        "name": "build-farm",
        "agent": AGENT,
        "tenant": TENANT,
    }


def test_heartbeats_report_the_revision_and_learn_the_head(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    beat = portal.wait_for_frame("heartbeat")
    assert beat == {"type": "heartbeat", "revision": 1, "digest": snapshot(1)["digest"]}
    portal.wait_for_frames("heartbeat", 2)
    assert agent.ask("GET", "/v1/status")[1]["portal_revision"] == 1


def test_a_missed_revision_is_repaired_by_the_next_heartbeat(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    portal.head = snapshot(2, policies=NOBODY_MAY)
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)


def test_a_cut_portal_is_outlived_and_caught_up_with(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    portal.stop()
    agent.wait_log("waiting to reconnect")
    assert decision(agent) == ("Allow", 1)
    assert agent.ask("GET", "/v1/status")[1]["connected"] is False
    portal.head = snapshot(2, policies=NOBODY_MAY)
    portal.start()
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)


@pytest.mark.parametrize("code", [1012, 1013, 4400, 4408, 4409, 4413])
def test_any_close_is_followed_by_a_new_connection(
    portal: Portal, make_agent: MakeAgent, code: int
) -> None:
    agent = synced(portal, make_agent)
    portal.close(code)
    portal.wait_for_frames("hello", 2)
    assert agent.wait_log("link down")["close_code"] == code


def test_a_silent_portal_is_given_up_after_three_heartbeats(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    portal.is_mute = True
    assert agent.wait_log("link down")["reason"] == "portal silent for 3 s"
    portal.is_mute = False
    portal.wait_for_frames("hello", 2)
    assert decision(agent) == ("Allow", 1)


def bad(change: str) -> dict[str, Any]:
    """Revision 2 with one thing wrong."""
    if change == "digest":
        return snapshot(2, digest="sha256:" + "0" * 64)
    if change == "policy text":
        return snapshot(2, policies=[*POLICIES, policy("broken", "permit(")])
    if change == "depth":
        deep = f"permit(principal, action, resource) when {{{'(' * 9_000}true{')' * 9_000}}};"
        return snapshot(2, policies=[policy("deep", deep)])
    if change == "policy meaning":
        text = "permit(principal, action, resource) when { principal.nope };"
        return snapshot(2, policies=[policy("typo", text)])
    if change == "schema":
        return snapshot(2, schema="entity")
    if change == "entities":
        return snapshot(2, entities=[*ENTITIES, {**ENTITIES[1], "attrs": {}}])
    return {**snapshot(2), "policies": [{"id": "incomplete"}]}


@pytest.mark.parametrize(
    ("change", "stage", "name", "error"),
    [
        ("digest", "verify", None, "content digests to sha256:"),
        ("policy text", "parse", "broken", "unexpected end of input"),
        ("depth", "parse", "deep", "nests more than 100 brackets"),
        ("policy meaning", "validate", "typo", "attribute `nope` on entity type `User` not found"),
        ("schema", "parse", None, "schema: "),
        ("entities", "validate", None, 'entity User::"ann" occurs more than once'),
        ("shape", "verify", None, "policies[0].version: is missing"),
    ],
)
def test_a_bad_revision_is_refused_with_stage_policy_and_error_and_changes_nothing(
    portal: Portal, make_agent: MakeAgent, change: str, stage: str, name: str | None, error: str
) -> None:
    agent = synced(portal, make_agent)
    wrong = bad(change)
    portal.send(wrong)
    nack = portal.wait_for_frame("nack")
    assert (nack["revision"], nack["digest"]) == (2, wrong["digest"])
    assert (nack["stage"], nack["policy"]) == (stage, name)
    assert error in nack["error"]
    assert decision(agent) == ("Allow", 1)
    assert error in agent.ask("GET", "/v1/status")[1]["last_error"]
    portal.publish(snapshot(3))
    portal.wait_for_frame("ack", revision=3)
    assert len(portal.of_type("hello")) == 1


@pytest.mark.parametrize(
    ("revision", "policies", "error"),
    [
        (4, POLICIES, "revision 4 is lower than 5 held"),
        (5, NOBODY_MAY, "revision 5 is held with digest sha256:"),
    ],
)
def test_a_revision_that_would_go_back_is_refused(
    portal: Portal, make_agent: MakeAgent, revision: int, policies: list[Any], error: str
) -> None:
    portal.head = snapshot(5)
    agent = make_agent(portal_url=portal.url)
    portal.wait_for_frame("ack", revision=5)
    portal.send(snapshot(revision, policies=policies))
    nack = portal.wait_for_frame("nack")
    assert (nack["stage"], nack["policy"]) == ("verify", None)
    assert nack["error"].startswith(error)
    assert decision(agent) == ("Allow", 5)


def test_the_revision_already_held_is_acknowledged_again(
    portal: Portal, make_agent: MakeAgent
) -> None:
    synced(portal, make_agent)
    portal.send(snapshot(1))
    first, second = portal.wait_for_frames("ack", 2)
    assert (first["revision"], first["digest"]) == (second["revision"], second["digest"])


def test_a_burst_of_revisions_ends_at_the_newest_in_rising_order(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    for number in range(2, 40):
        portal.send(snapshot(number))
    portal.publish(snapshot(40, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=40)
    acked = [frame["revision"] for frame in portal.of_type("ack")]
    assert acked == sorted(set(acked))
    assert decision(agent) == ("Deny", 40)
    assert portal.of_type("nack") == []


@pytest.mark.parametrize("previous", ["sound", "corrupt"])
def test_a_killed_agent_serves_from_disk_at_once_without_a_portal(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path, previous: str
) -> None:
    agent = synced(portal, make_agent)
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=2)
    agent.kill()
    portal.stop()
    if previous == "corrupt":
        (tmp_path / "state" / "current.revision").write_bytes(b"half a fi")
    again = make_agent(portal_url=portal.url)
    assert decision(again) == (("Allow", 1) if previous == "corrupt" else ("Deny", 2))
    value = again.ask("GET", "/v1/status")[1]
    assert (value["connected"], value["name"], value["tenant"]) == (False, "build-farm", TENANT)
    assert again.ask("GET", "/ready")[0] == 200


def test_an_agent_without_state_or_portal_denies_and_says_so(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.stop()
    agent = make_agent(portal_url=portal.url)
    status, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert status == 200
    assert answer == {
        "decision": "Deny",
        "diagnostics": {
            "reason": [],
            "errors": ["no revision is loaded: every request is denied"],
        },
        "revision": None,
        "digest": None,
    }
    status, answer = agent.ask("GET", "/ready")
    assert (status, answer["code"]) == (503, 503)
    assert answer["description"] == "no revision is loaded"


def test_state_that_cannot_be_written_is_served_reported_and_saved_later(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    obstacle = tmp_path / "state" / "incoming.tmp"
    obstacle.mkdir()
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    nack = portal.wait_for_frame("nack")
    assert (nack["revision"], nack["stage"]) == (2, "persist")
    assert nack["error"].endswith("Is a directory")
    assert decision(agent) == ("Deny", 2)
    obstacle.rmdir()
    portal.wait_for_frame("ack", revision=2)
    agent.kill()
    portal.stop()
    assert decision(make_agent(portal_url=portal.url)) == ("Deny", 2)


@pytest.mark.parametrize("code", [4401, 4403])
def test_a_refused_token_is_not_tried_again_before_its_time(
    portal: Portal, make_agent: MakeAgent, code: int
) -> None:
    portal.close_with = code
    agent = make_agent("--auth-retry-seconds", "1", portal_url=portal.url)
    portal.wait_for_attempts(3)
    waits = [
        after - before for before, after in zip(portal.attempts, portal.attempts[1:], strict=False)
    ]
    assert min(waits) >= 1
    assert agent.wait_log("link down")["close_code"] == code
    assert agent.wait_log("waiting to reconnect")["seconds"] >= 1


@pytest.mark.parametrize(("status", "code"), [(401, 4401), (403, 4403)])
def test_a_handshake_refused_over_http_waits_like_a_refused_token(
    portal: Portal, make_agent: MakeAgent, status: int, code: int
) -> None:
    portal.refuse_status = status
    agent = make_agent("--auth-retry-seconds", "60", portal_url=portal.url)
    assert agent.wait_log("link down")["close_code"] == code
    assert agent.wait_log("waiting to reconnect")["seconds"] >= 60


def test_a_rotated_token_is_used_at_the_next_connection(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    synced(portal, make_agent)
    (tmp_path / "token").write_text("rotated-token")
    portal.token = "rotated-token"
    portal.cut()
    portal.wait_for_frames("hello", 2)
    assert portal.tokens == [f"Bearer {TOKEN}", "Bearer rotated-token"]


def test_a_lost_token_file_is_reported_and_stops_nothing(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    agent = synced(portal, make_agent)
    (tmp_path / "token").unlink()
    portal.cut()
    agent.wait_log("link down", reason=f"token file {tmp_path}/token: No such file or directory")
    assert decision(agent) == ("Allow", 1)
    (tmp_path / "token").write_text(TOKEN)
    portal.wait_for_frames("hello", 2)


def test_the_token_is_in_no_log_line(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent, "--log-level", "debug")
    portal.send({"type": "error", "code": "odd", "detail": f"you sent Bearer {TOKEN}"})
    assert agent.wait_log("portal error")["detail"] == "you sent Bearer [hidden]"
    portal.close_with = 4401
    portal.cut()
    agent.wait_log("link down", close_code=4401)
    assert agent.stop() == 0
    assert TOKEN not in "".join(agent.lines)


def test_a_token_of_another_company_is_not_followed(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent, "--auth-retry-seconds", "60")
    other = "0190a000-0000-7000-8000-000000000002"
    portal.tenant = other
    portal.head = snapshot(9, policies=NOBODY_MAY)
    portal.cut()
    reason = f"state belongs to tenant {TENANT}, the token to {other}: use another state directory"
    assert agent.wait_log("link down", close_code=4403)["reason"] == reason
    assert decision(agent) == ("Allow", 1)


def test_a_portal_that_selects_no_subprotocol_is_not_followed(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.subprotocols = ()
    portal.head = snapshot(1)
    agent = make_agent(portal_url=portal.url)
    reason = "portal did not select subprotocol aeterna.agent.v1"
    assert agent.wait_log("link down")["reason"] == reason
    assert decision(agent) == ("Deny", None)


def test_a_revision_called_up_to_date_that_is_not_held_starts_over(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.send({"type": "up_to_date", "revision": 7, "digest": "sha256:other"})
    agent.wait_log("link down", reason="portal calls revision 7 up to date, it is not held")
    portal.wait_for_frames("hello", 2)


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ("", "malformed frame: "),
        ("not json", "malformed frame: "),
        ("[1]", "malformed frame: frame: must be an object, not a list"),
        ("[" * 100_000, "malformed frame: "),
        ('{"type": "explode"}', "unknown frame type 'explode'"),
        ('{"type": "welcome"}', "malformed welcome frame: heartbeat_seconds: is missing"),
        ('{"type": "heartbeat", "revision": "x"}', "malformed heartbeat frame: revision: must"),
        ('{"type": "snapshot"}', "malformed snapshot frame: previous_digest: is missing"),
        (b"\x00\xff", "binary frame instead of text"),
    ],
)
def test_a_malformed_frame_is_logged_ignored_and_survived(
    portal: Portal, make_agent: MakeAgent, frame: str | bytes, error: str
) -> None:
    agent = synced(portal, make_agent)
    portal.send(frame)
    assert agent.wait_log("frame ignored")["error"].startswith(error)
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)
    assert len(portal.of_type("hello")) == 1


def test_frames_before_welcome_are_ignored(portal: Portal, make_agent: MakeAgent) -> None:
    portal.is_mute = True
    agent = make_agent(portal_url=portal.url)
    portal.wait_for_frame("hello")
    portal.send(snapshot(1))
    assert agent.wait_log("frame ignored")["error"] == "Snapshot frame before welcome"
    assert decision(agent) == ("Deny", None)


def test_sigterm_ends_it_cleanly_and_every_line_is_one_json_object(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    assert agent.stop() == 0
    events = [json.loads(line)["event"] for line in agent.lines]
    assert events == ["nothing stored", "listening", "connected", "revision applied", "stopping"]
    assert all({"at", "level", "event"} <= row.keys() for row in agent.log)


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
    failure = agent.wait_log("cannot listen")
    assert failure["address"] == address
    assert "in use" in failure["error"]


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
    assert said.startswith(f"aeterna-cedar-agent: {address}: ")


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


def test_wrong_settings_end_with_two_and_name_each() -> None:
    code, _, said = command("run", "--listen", "nowhere")
    assert code == 2
    assert said.splitlines() == [
        "aeterna-cedar-agent: --listen: 'nowhere' is not host:port",
        "aeterna-cedar-agent: --portal (or AETERNA_API_URL) is missing",
        "aeterna-cedar-agent: --token-file (or AETERNA_AGENT_TOKEN) is missing",
    ]


def test_sigint_ends_it_cleanly_too(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    assert agent.stop(signal.SIGINT) == 0
