"""Published revisions change a real agent's answers; bad ones change nothing, nor does a crash."""

from pathlib import Path
from typing import Any

import pytest

from .agent_process import MakeAgent, decision, synced
from .portal_double import TENANT, Portal
from .samples import ENTITIES, NOBODY_MAY, POLICIES, policy, question, snapshot


def test_a_published_change_changes_the_answer(portal: Portal, make_agent: MakeAgent) -> None:
    agent = synced(portal, make_agent)
    assert decision(agent) == ("Allow", 1)
    portal.publish(snapshot(2, policies=NOBODY_MAY))
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)


def test_a_missed_revision_is_repaired_by_the_next_heartbeat(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    portal.head = snapshot(2, policies=NOBODY_MAY)
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)


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


def test_a_lower_revision_waiting_behind_a_higher_one_does_not_displace_it(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    many = [policy(f"p{n}", NOBODY_MAY[0]["cedar"]) for n in range(1_000)]
    for frame in (snapshot(2, policies=many), snapshot(5), snapshot(4)):
        portal.send(frame)
    assert portal.wait_for_frame("nack")["revision"] == 4
    # Whether the large one was begun before the higher one came is a matter of luck.
    assert [frame["revision"] for frame in portal.of_type("ack")] in ([1, 2, 5], [1, 5])
    assert decision(agent) == ("Allow", 5)


def test_a_higher_revision_of_the_same_content_is_taken_over_by_its_own_signature(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.publish(snapshot(6))
    assert portal.wait_for_frame("ack", revision=6)["digest"] == snapshot(1)["digest"]
    assert decision(agent) == ("Allow", 6)
    portal.send(snapshot(5))
    assert portal.wait_for_frame("nack")["error"] == "revision 5 is lower than 6 held"
    agent.kill()
    portal.stop()
    assert decision(make_agent(portal_url=portal.url)) == ("Allow", 6)


@pytest.mark.parametrize("by", ["heartbeat", "up_to_date"])
def test_a_number_that_nobody_signed_is_not_taken_over(
    portal: Portal, make_agent: MakeAgent, by: str
) -> None:
    agent = synced(portal, make_agent)
    portal.send({"type": by, "revision": 6, "digest": snapshot(1)["digest"]})
    portal.publish(snapshot(7))
    portal.wait_for_frame("ack", revision=7)
    assert [frame["revision"] for frame in portal.of_type("ack")] == [1, 7]
    assert decision(agent) == ("Allow", 7)


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
        "staleness": "unloaded",
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
