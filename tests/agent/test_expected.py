"""A revision is served only by an agent that decides what its manifest says of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent.engine import RefusedError, load_revision
from aeterna_cedar_agent.expected import read_expected, require_expected
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.shape import ShapeError
from jsonschema import Draft202012Validator

from .agent_process import MakeAgent, decision, synced
from .portal_double import Portal
from .samples import NOBODY_MAY, POLICIES, policy, question, snapshot
from .signing import TENANT
from .test_temporary import ANN_MAY, take

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/agent-protocol/manifest.schema.json"


def row(decided: str, principal: str = "ann", action: str = "edit", **more: Any) -> dict[str, Any]:
    return {"name": "a question", **question(principal, action), "decision": decided, **more}


RIGHT = [row("Deny"), row("Allow", "bob"), row("Allow", "ann", "view")]


def test_a_revision_that_decides_otherwise_is_refused_and_the_last_goes_on(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.publish(snapshot(2, policies=NOBODY_MAY, expected=RIGHT))
    refused = portal.wait_for_frame("nack", revision=2)
    assert (refused["stage"], refused["policy"]) == ("expect", None)
    assert refused["error"] == "a question: expected Allow, decided Deny"
    assert decision(agent) == ("Allow", 1)

    # Content that is held already is asked no less, nor what was stored before a restart.
    portal.publish(snapshot(3, expected=[row("Allow")]))
    assert portal.wait_for_frame("nack", revision=3)["stage"] == "expect"
    portal.publish(snapshot(4, expected=RIGHT))
    portal.wait_for_frame("ack", revision=4)
    agent.end()
    assert decision(make_agent(portal_url=portal.url)) == ("Allow", 4)


def test_what_is_temporary_does_not_count() -> None:
    revision = read_revision(snapshot(policies=[*POLICIES, policy("glass", ANN_MAY)]))
    loaded = load_revision(revision, temporary=take(("glass", 9_999_999_999)))
    require_expected(read_expected({"expected": RIGHT}), loaded=loaded)


def test_a_question_that_the_schema_does_not_know_is_refused() -> None:
    loaded = load_revision(read_revision(snapshot()))
    asked = read_expected({"expected": [row("Deny", action="fly")]})
    with pytest.raises(RefusedError) as refused:
        require_expected(asked, loaded=loaded)
    assert refused.value.stage == "expect"
    assert refused.value.error.startswith("a question: cannot be asked: ")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "expected: must be a list, not an object"),
        ([1], "expected[0]: must be an object, not a number"),
        ([{**row("Deny"), "name": ""}], "expected[0].name: must not be empty"),
        ([row("Perhaps")], "expected[0].decision: must be Allow or Deny"),
        ([{**row("Deny"), "principal": "ann"}], "expected[0].principal: "),
        ([{**row("Deny"), "context": []}], "expected[0].context: must be an object, not a list"),
    ],
)
def test_what_is_malformed_is_refused(rows: Any, message: str) -> None:
    claims = {"tenant": TENANT, "revision": 1, "digest": snapshot()["digest"], "expected": rows}
    with pytest.raises(ShapeError) as refused:
        read_expected(claims)
    assert str(refused.value).startswith(message)
    if "principal" not in message:
        assert not Draft202012Validator(json.loads(DOCUMENT.read_text())).is_valid(claims)


def test_the_schema_takes_what_is_right_and_members_to_come() -> None:
    rows = [row("Deny", additional_entities=[], since="later")]
    claims = {"tenant": TENANT, "revision": 1, "digest": snapshot()["digest"], "expected": rows}
    Draft202012Validator(json.loads(DOCUMENT.read_text())).validate(claims)
    assert len(read_expected(claims)) == 1
