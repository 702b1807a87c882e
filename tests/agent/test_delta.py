"""A delta makes of what is held exactly what the portal published, or the whole is asked for."""

import json
from typing import Any

import pytest
from aeterna_cedar_agent import frames
from aeterna_cedar_agent.delta import read_delta
from aeterna_cedar_agent.revision import read_revision
from hypothesis import given
from hypothesis import strategies as st

from .agent_process import MakeAgent, decision, synced
from .portal_double import Portal
from .samples import ENTITIES, NOBODY_MAY, POLICIES, SCHEMA, delta, policy, snapshot

NAMES = st.text(alphabet="ab\u00e9\U0001f600", min_size=1, max_size=2)
WORLDS = st.tuples(
    st.dictionaries(NAMES, st.sampled_from(["permit", "forbid"]), max_size=5),
    st.dictionaries(st.tuples(st.sampled_from(["User", "Doc"]), NAMES), st.integers(), max_size=5),
    st.sampled_from(["", SCHEMA]),
)
TWO = snapshot(2, policies=NOBODY_MAY)
THREE = snapshot(3, policies=[*NOBODY_MAY, policy("team", "permit(principal, action, resource);")])


def of(world: Any, revision: int) -> dict[str, Any]:
    policies, entities, schema = world
    rows = [
        policy(name, f"{verb}(principal, action, resource);") for name, verb in policies.items()
    ]
    things = [
        {"uid": {"type": kind, "id": name}, "attrs": {"level": level}, "parents": []}
        for (kind, name), level in entities.items()
    ]
    return snapshot(revision, policies=rows, entities=things, schema=schema)


@given(WORLDS, WORLDS)
def test_what_is_built_is_what_was_published(before: Any, after: Any) -> None:
    base, head = of(before, 1), of(after, 2)
    told = read_delta(json.loads(json.dumps(delta(base, head))))
    held = read_revision(base)
    assert told.fits(held)
    built = told.apply(held)
    assert built.computed_digest() == built.digest == head["digest"]
    assert (built.number, built.manifest) == (2, head["manifest"])


def test_a_delta_says_only_what_changed() -> None:
    after = snapshot(2, policies=[*POLICIES[1:], *NOBODY_MAY], entities=ENTITIES[1:])
    told = delta(snapshot(1), after)
    assert told["policies"] == {"changed": NOBODY_MAY, "removed": ["owner"]}
    assert told["entities"] == {"changed": [], "removed": [{"type": "Team", "id": "core"}]}
    assert "schema" not in told


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"base": {"revision": 1}}, "base.digest: is missing"),
        ({"policies": {"changed": []}}, "policies.removed: is missing"),
        ({"policies": {"changed": [{}], "removed": []}}, "policies.changed[0].id: is missing"),
        ({"policies": {"changed": [], "removed": [1]}}, "policies.removed[0]: must be a string"),
        (
            {"entities": {"changed": [], "removed": [{}]}},
            "entities.removed[0].type: must be a string",
        ),
        ({"schema": None}, "schema: must be a string, not null"),
    ],
)
def test_a_malformed_delta_is_named(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(frames.UnreadableDeltaError) as caught:
        frames.read_frame(json.dumps({**delta(snapshot(1), TWO), **change}))
    assert problem in str(caught.value)


def test_deltas_in_a_row_are_served_and_outlive_a_restart(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    assert portal.of_type("hello")[0]["deltas"] is True
    portal.send(delta(snapshot(1), TWO))
    portal.send(delta(TWO, THREE))
    portal.wait_for_frame("ack", revision=3, digest=THREE["digest"])
    assert portal.of_type("resync") == []
    portal.stop()
    agent.kill()
    assert decision(make_agent(portal_url=portal.url)) == ("Deny", 3)


def test_the_next_delta_starts_from_what_was_told_though_it_was_refused(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    bad = snapshot(2, policies=[policy("broken", "permit(")])
    portal.send(delta(snapshot(1), bad))
    assert portal.wait_for_frame("nack", revision=2)["stage"] == "parse"
    portal.send(delta(bad, THREE))
    portal.wait_for_frame("ack", revision=3)
    assert (decision(agent), portal.of_type("resync")) == (("Deny", 3), [])


@pytest.mark.parametrize(
    "frame",
    [
        delta(TWO, THREE),
        {**delta(snapshot(1), THREE), "policies": {"changed": [], "removed": []}},
        {**delta(snapshot(1), THREE), "manifest": TWO["manifest"]},
        {"type": "delta"},
    ],
    ids=["another base", "another content", "another signature", "malformed"],
)
def test_what_cannot_be_built_is_asked_for_as_a_whole(
    portal: Portal, make_agent: MakeAgent, frame: dict[str, Any]
) -> None:
    agent = synced(portal, make_agent)
    portal.send(frame)
    portal.wait_for_frame("resync")
    assert decision(agent)[1] == 1
    portal.send(THREE)
    portal.wait_for_frame("ack", revision=3)
    assert (decision(agent), portal.of_type("nack")) == (("Deny", 3), [])
