"""The agent serves sliced decisions, and falls back to every policy where it cannot slice."""

from typing import Any

import cedarpy
import pytest
from aeterna_cedar_agent import engine
from aeterna_cedar_agent.engine import Answer, Loaded, decide, load_revision
from aeterna_cedar_agent.question import read_question
from aeterna_cedar_agent.revision import read_revision

from .samples import ENTITIES, TEAM_MAY, policy, question, snapshot


def load(**parts: Any) -> Loaded:
    return load_revision(read_revision(snapshot(**parts)))


def ask(loaded: Loaded, **changes: Any) -> Answer:
    return decide(read_question({**question(), **changes}), loaded=loaded)


def only(principal: str) -> str:
    return f'permit(principal == User::"{principal}", action, resource);'


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many policies each call of the engine was given."""
    sizes: list[int] = []
    plain = cedarpy.is_authorized_batch

    def counted(requests: Any, policies: Any, *rest: Any) -> Any:
        sizes.append(len(policies))
        return plain(requests, policies, *rest)

    monkeypatch.setattr(cedarpy, "is_authorized_batch", counted)
    return sizes


def test_a_question_meets_few_of_many_policies(evaluated: list[int]) -> None:
    rows = [policy(f"p{n:03}", only(f"u{n}")) for n in range(400)]
    loaded = load(policies=[*rows, policy("team", TEAM_MAY)])
    assert ask(loaded, principal='User::"u77"') == Answer(
        decision="Allow", reason=("p077",), errors=()
    )
    assert ask(loaded, principal='User::"ann"').reason == ("team",)
    assert max(evaluated) <= 8


def test_a_question_that_no_policy_is_about_is_still_checked_against_the_schema(
    evaluated: list[int],
) -> None:
    loaded = load(policies=[policy("one", only("u1"))])
    assert ask(loaded) == Answer(decision="Deny", reason=(), errors=())
    with pytest.raises(engine.QuestionError, match="extra"):
        ask(loaded, context={"mfa": True, "extra": 1})
    assert evaluated == [0, 0]


def test_a_policy_nested_too_deep_to_slice_is_served_with_the_others() -> None:
    deep = " || ".join(f"context.depth == {n}" for n in range(300))
    text = f"permit(principal, action, resource) when {{ context has depth && ({deep}) }};"
    loaded = load(policies=[policy("bob", only("bob")), policy("deep", text), policy("x", text)])
    assert ask(loaded).reason == ("bob",)
    assert ask(loaded, context={"mfa": True, "depth": 299}).reason == ("bob", "deep", "x")


def test_entities_that_could_be_misread_cost_speed_and_nothing_else(evaluated: list[int]) -> None:
    twice = {"type": "User", "id": "ann", "__entity": {"type": "User", "id": "ann"}}
    entities = [{**row, "uid": twice} if row["uid"]["id"] == "ann" else row for row in ENTITIES]
    rows = [policy(f"p{n:02}", only("ann" if n == 7 else f"u{n}")) for n in range(40)]
    loaded = load(policies=rows, entities=entities)
    assert ask(loaded, principal='User::"ann"').reason == ("p07",)
    assert sum(evaluated) == 40


def test_added_entities_are_decided_on_with_few_policies_too(evaluated: list[int]) -> None:
    rows = [policy(f"p{n:03}", only(f"u{n}")) for n in range(100)]
    loaded = load(policies=[*rows, policy("team", TEAM_MAY)])
    extra = {
        "uid": {"type": "User", "id": "eve"},
        "attrs": {"level": 1},
        "parents": [{"type": "Team", "id": "core"}],
    }
    assert ask(loaded, principal='User::"eve"', additional_entities=[extra]).reason == ("team",)
    assert ask(loaded, principal='User::"eve"').decision == "Deny"
    assert max(evaluated) <= 8


def test_a_revision_of_entities_alone_keeps_the_index() -> None:
    first = load()
    second = load(revision=2, entities=ENTITIES[:2])
    third = load(revision=3, policies=[policy("team", TEAM_MAY)])
    assert first.decider._index is second.decider._index
    assert third.decider._index is not first.decider._index
    assert ask(first, principal='User::"ann"') == ask(load(), principal='User::"ann"')
