"""A real agent process against a real portal: connected, cut off, refused, and misled."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from .agent_process import MakeAgent, decision, synced
from .conftest import TOKEN
from .portal_double import AGENT, TENANT, Portal
from .samples import NOBODY_MAY, question, snapshot
from .signing import FIRST
from .test_frames import document


def test_an_agent_connects_receives_acknowledges_and_answers(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.head = snapshot(1)
    agent = make_agent(portal_url=portal.url)
    ack = portal.wait_for_frame("ack")
    assert (ack["revision"], ack["digest"]) == (1, snapshot(1)["digest"])
    assert ack["applied_ms"] > 0
    agent.wait_log("lease granted")
    assert portal.tokens == [f"Bearer {TOKEN}"]
    status, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert (status, answer) == (
        200,
        {
            "decision": "Allow",
            "diagnostics": {"reason": ["owner"], "errors": []},
            "staleness": "fresh",
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


def test_status_says_who_what_and_since_when(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    status, value = agent.ask("GET", "/v1/status")
    assert status == 200
    assert value.pop("last_sync_at").endswith("+00:00")
    assert 0 < value.pop("seconds_left") <= 60
    assert value == {
        "mode": "governed",
        "revision": 1,
        "digest": snapshot(1)["digest"],
        "connected": True,
        "last_error": None,
        "last_error_at": None,
        "portal": f"ws://127.0.0.1:{portal.port}/ws/agents/v1",
        "portal_revision": 1,
        "staleness": "fresh",
        "key": FIRST.kid,
        "name": "build-farm",
        "agent": AGENT,
        "tenant": TENANT,
        "decisions_logged": 0,
        "decisions_dropped": 0,
    }


def test_heartbeats_report_the_revision_and_learn_the_head(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    beat = portal.wait_for_frame("heartbeat", revision=1, digest=snapshot(1)["digest"])
    assert beat["nonce"]
    portal.wait_for_frames("heartbeat", 3)
    assert agent.ask("GET", "/v1/status")[1]["portal_revision"] == 1
    assert len(portal.of_type("ack")) == 1


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
        ('{"type": "welcome"}', "malformed welcome frame: heartbeat_seconds: is missing"),
        ('{"type": "heartbeat", "revision": "x"}', "malformed heartbeat frame: revision: must"),
        ('{"type": "snapshot"}', "malformed snapshot frame: previous_digest: is missing"),
        (b"\x00\xff", "binary frame instead of text"),
    ],
)
def test_after_a_malformed_frame_the_agent_starts_over_and_misses_nothing(
    portal: Portal, make_agent: MakeAgent, frame: str | bytes, error: str
) -> None:
    agent = synced(portal, make_agent)
    portal.send(frame)
    portal.head = snapshot(2, policies=NOBODY_MAY)
    assert agent.wait_log("link down")["reason"].startswith(error)
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)
    assert len(portal.of_type("hello")) == 2


def test_a_frame_of_a_later_version_is_logged_and_ignored(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.send('{"type": "explode"}')
    assert agent.wait_log("frame ignored")["error"] == "unknown frame type 'explode'"
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=2)
    assert len(portal.of_type("hello")) == 1


def test_a_revision_that_two_heartbeats_name_and_that_never_came_is_asked_for(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    head = snapshot(2, policies=NOBODY_MAY)
    named = {"type": "heartbeat", "revision": 2, "digest": head["digest"]}
    portal.send(named)
    assert portal.of_type("resync") == []
    portal.send(named)
    portal.wait_for_frame("resync")
    portal.publish(head)
    portal.wait_for_frame("ack", revision=2)
    portal.send(named)
    portal.send(named)
    assert decision(agent) == ("Deny", 2)
    assert len(portal.of_type("resync")) == 1


def test_an_oversized_frame_ends_the_connection_and_nothing_else(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.send(" " * (64 * 1024 * 1024 + 1))
    agent.wait_log("link down")
    portal.wait_for_frames("hello", 2)
    assert decision(agent) == ("Allow", 1)


def test_frames_before_welcome_are_ignored(portal: Portal, make_agent: MakeAgent) -> None:
    portal.is_mute = True
    agent = make_agent(portal_url=portal.url)
    portal.wait_for_frame("hello")
    portal.send(snapshot(1))
    assert agent.wait_log("frame ignored")["error"] == "Snapshot frame before welcome"
    assert decision(agent) == ("Deny", None)
