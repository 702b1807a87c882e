"""A question that leaves parts open is answered only as far as every completion agrees."""

import json
from typing import Any

import pytest
from aeterna_cedar_agent.engine import decide, load_revision
from aeterna_cedar_agent.partial import preview
from aeterna_cedar_agent.question import QuestionError, read_partial, read_question
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.standalone.content import NO_SCHEMA
from aeterna_cedar_agent.standalone.writer import hold
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import ENTITIES, NEEDS_MFA, OWNER_MAY, TEAM_MAY, policy, question, snapshot

TWO = f"{TEAM_MAY}\n{TEAM_MAY}"
POLICIES = [policy("owner", OWNER_MAY), policy("two", TWO), policy("mfa", NEEDS_MFA)]
LOADED = load_revision(read_revision(snapshot(policies=POLICIES)))


def asked(**parts: Any) -> dict[str, Any]:
    """Preview a question of which only these parts are known."""
    return preview(read_partial(parts), loaded=LOADED).as_json()


def test_what_holds_for_every_completion_is_decided() -> None:
    known = {"principal": 'User::"ann"', "action": 'Action::"view"'}
    assert asked(**known) == {
        "decision": "Allow",
        "diagnostics": {"reason": ["two#0", "two#1"], "errors": []},
        "may_be_determining": [],
        "residuals": {},
        "unknown_entities": [],
    }
    assert asked(**known, resource=None, context=None)["decision"] == "Allow"


def test_what_depends_on_open_parts_is_left_with_the_known_filled_in() -> None:
    answer = asked(principal='User::"bob"', action='Action::"edit"', resource='Doc::"plan"')
    assert (answer["decision"], answer["diagnostics"]) == (
        "NoDecision",
        {"reason": [], "errors": []},
    )
    assert answer["may_be_determining"] == ["mfa", "owner"]
    assert list(answer["residuals"]) == ["mfa"]
    assert answer["residuals"]["mfa"]["effect"] == "forbid"
    assert '"unknown": [{"Value": "context"}]' in json.dumps(answer["residuals"]["mfa"])
    assert asked(principal='User::"ann"', action='Action::"edit"')["may_be_determining"] == [
        "mfa",
        "owner",
    ]


def test_an_entity_that_is_not_known_counts_as_open() -> None:
    answer = asked(principal='User::"new"', action='Action::"view"', context={"mfa": True})
    assert (answer["decision"], answer["unknown_entities"]) == ("NoDecision", ['User::"new"'])
    added = [{"uid": {"type": "User", "id": "new"}, "attrs": {"level": 1}, "parents": []}]
    told = asked(principal='User::"new"', action='Action::"edit"', context={"mfa": False})
    assert told["decision"] == "Deny"
    with_added = asked(principal='User::"new"', action='Action::"view"', additional_entities=added)
    assert with_added["unknown_entities"] == []


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"principal": "bob"}, "principal"),
        ({"action": 'Action::"view"', "context": {"mfa": "yes"}}, "context"),
        ({"principal": 'User::"bob"', "additional_entities": [ENTITIES[2]] * 2 + [{}]},
         "additional_entities"),
    ],
)  # fmt: skip
def test_a_wrong_part_is_named(parts: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        asked(**parts)


def test_ids_are_written_as_the_engine_wants_them() -> None:
    free = hold(1, schema=NO_SCHEMA, policies=[("a", "permit(principal, action, resource);")])
    for id_ in ("it's", 'a"b', "a\\b", "line\nbreak", "\x01", "ü", " ", ""):
        known = read_partial({"principal": f"User::{json.dumps(id_, ensure_ascii=False)}"
                              if id_ != "\x01" else 'User::"\\u{1}"'})  # fmt: skip
        assert preview(known, loaded=free.loaded).decision == "Allow"


names = st.sampled_from(["ann", "bob"])
wholes = st.builds(
    question, names, st.sampled_from(["view", "edit"]), st.just("plan"), mfa=st.booleans()
)


@settings(max_examples=150, deadline=None)
@given(
    whole=wholes, opened=st.sets(st.sampled_from(["principal", "action", "resource", "context"]))
)
def test_a_decided_preview_is_the_decision_on_every_completion(
    whole: dict[str, Any], opened: set[str]
) -> None:
    known = {name: value for name, value in whole.items() if name not in opened}
    try:
        told = preview(read_partial(known), loaded=LOADED)
    except QuestionError:
        pytest.fail("a part of a sound question is sound")
    if told.decision != "NoDecision":
        assert told.decision == decide(read_question(whole), loaded=LOADED).decision
    else:
        assert opened
