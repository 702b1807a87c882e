"""Revisions load only when they are sound, and decisions name the policies that made them."""

from typing import Any

import pytest
from aeterna_cedar_agent.engine import (
    NOTHING_LOADED,
    Answer,
    Engine,
    Loaded,
    RefusedError,
    decide,
    load_revision,
)
from aeterna_cedar_agent.question import QuestionError, read_question
from aeterna_cedar_agent.revision import read_revision

from .samples import ENTITIES, OWNER_MAY, POLICIES, TEAM_MAY, policy, question, snapshot

ALL_MAY = "permit(principal, action, resource);"


def load(**parts: Any) -> Loaded:
    return load_revision(read_revision(snapshot(**parts)))


def ask(loaded: Loaded | None, **changes: Any) -> Answer:
    return decide(read_question({**question(), **changes}), loaded=loaded)


def refusal(**parts: Any) -> tuple[str, str | None, str]:
    with pytest.raises(RefusedError) as caught:
        load(**parts)
    return caught.value.stage, caught.value.policy, caught.value.error


def test_nothing_loaded_denies_and_says_so() -> None:
    assert ask(None) == Answer(decision="Deny", reason=(), errors=(NOTHING_LOADED,))


def test_an_empty_engine_reports_revision_zero_without_a_digest() -> None:
    assert (Engine().number, Engine().digest) == (0, None)


def test_a_swap_takes_effect_at_once_and_as_a_whole() -> None:
    engine = Engine()
    engine.swap(load())
    assert (engine.number, engine.digest) == (1, snapshot()["digest"])
    before = engine.current
    engine.swap(load(revision=2, policies=[]))
    assert ask(before).decision == "Allow"
    assert ask(engine.current).decision == "Deny"


def test_allow_names_the_policies_that_permitted_in_order_of_id() -> None:
    assert ask(load(), principal='User::"bob"') == Answer(
        decision="Allow", reason=("owner",), errors=()
    )
    both = load(policies=[policy("z", ALL_MAY), policy("a", OWNER_MAY)])
    assert ask(both).reason == ("a", "z")


def test_a_parent_gives_what_its_team_may() -> None:
    assert ask(load(), principal='User::"ann"').reason == ("team",)


def test_a_forbid_wins_over_a_permit_and_is_the_reason() -> None:
    body = {"action": 'Action::"edit"', "context": {"mfa": False}}
    assert ask(load(), **body) == Answer(decision="Deny", reason=("mfa",), errors=())


def test_no_matching_policy_denies_without_a_reason() -> None:
    answer = ask(load(policies=[policy("team", TEAM_MAY)]))
    assert answer == Answer(decision="Deny", reason=(), errors=())


def test_statements_of_one_policy_are_numbered_from_zero() -> None:
    loaded = load(policies=[policy("many", f"{TEAM_MAY}\n// second\n{ALL_MAY}")])
    assert loaded.statements == {"many": ("many#0", "many#1")}
    assert ask(loaded).reason == ("many#1",)


def test_reasons_stay_right_past_ten_policies() -> None:
    rows = [policy(f"p{n:02}", TEAM_MAY) for n in range(25)]
    rows[13] = policy("thirteen", f"{TEAM_MAY} {ALL_MAY}")
    rows[24] = policy("last", ALL_MAY)
    assert ask(load(policies=rows)).reason == ("last", "thirteen#1")


def test_a_comment_at_the_end_of_a_policy_does_not_hide_the_next_one() -> None:
    rows = [policy("a", f"{TEAM_MAY} // no newline follows"), policy("b", ALL_MAY)]
    assert ask(load(policies=rows)).reason == ("b",)


def test_an_evaluation_error_names_the_policy_by_its_id() -> None:
    loaded = load(entities=[row for row in ENTITIES if row["uid"]["type"] != "Doc"])
    assert ask(loaded).errors == (
        'error while evaluating policy `owner`: entity `Doc::"plan"` does not exist',
    )


@pytest.mark.parametrize(
    ("cedar", "error"),
    [
        ("permit(principal", "unexpected end of input"),
        ("", "holds no statement"),
        ("// only a comment", "holds no statement"),
        (
            "permit(principal == ?principal, action, resource);",
            "is a template: ?principal and ?resource have nothing to fill them",
        ),
    ],
)
def test_a_policy_that_does_not_parse_is_refused_by_name(cedar: str, error: str) -> None:
    rows = [POLICIES[0], policy("broken", cedar), POLICIES[1]]
    assert refusal(policies=rows) == ("parse", "broken", error)


def test_policies_that_only_parse_together_are_refused() -> None:
    rows = [policy("a", "permit(principal, action,"), policy("b", "resource);")]
    assert refusal(policies=rows)[:2] == ("parse", "a")


def test_a_policy_that_breaks_the_schema_is_refused_with_its_id_in_the_text() -> None:
    rows = [POLICIES[0], policy("typo", "permit(principal, action, resource) when {principal.x};")]
    assert refusal(policies=rows) == (
        "validate",
        "typo",
        "for policy `typo`, attribute `x` on entity type `User` not found",
    )


def test_validation_is_strict_about_optional_attributes() -> None:
    cedar = "permit(principal, action, resource) when { context.depth == 1 };"
    stage, name, error = refusal(policies=[policy("optional", cedar)])
    assert (stage, name) == ("validate", "optional")
    assert error.startswith("for policy `optional`, unable to guarantee safety of access")
    assert error.endswith("(and 1 more)")


def test_a_schema_that_does_not_parse_is_refused() -> None:
    stage, name, error = refusal(schema="entity User in")
    assert (stage, name) == ("parse", None)
    assert error.startswith("schema: ")


@pytest.mark.parametrize("rows", [["same", "same"], ["a", "a#1"]])
def test_ids_that_would_be_ambiguous_are_refused(rows: list[str]) -> None:
    policies = [policy(rows[0], f"{ALL_MAY} {TEAM_MAY}"), policy(rows[1], ALL_MAY)]
    assert refusal(policies=policies) == ("parse", rows[1], "policy id occurs more than once")


@pytest.mark.parametrize(
    ("entity", "error"),
    [
        (
            {"uid": {"type": "User", "id": "eve"}, "attrs": {"level": "x"}, "parents": []},
            'entity User::"eve": ',
        ),
        (
            {"uid": {"type": "Robot", "id": "r2"}, "attrs": {}, "parents": []},
            'entity Robot::"r2": ',
        ),
        (
            {"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 9}, "parents": []},
            'entity User::"ann" occurs more than once',
        ),
    ],
)
def test_an_entity_the_schema_does_not_allow_is_refused_by_name(
    entity: dict[str, Any], error: str
) -> None:
    stage, name, said = refusal(entities=[*ENTITIES, entity])
    assert (stage, name) == ("validate", None)
    assert said.startswith(error)


def test_entities_that_are_their_own_ancestors_are_refused() -> None:
    ring = [
        {
            "uid": {"type": "T", "id": str(n)},
            "attrs": {},
            "parents": [{"type": "T", "id": str(1 - n)}],
        }
        for n in (0, 1)
    ]
    schema = "entity T in [T]; entity U; action a appliesTo {principal: [T], resource: [T]};"
    stage, _, error = refusal(policies=[], entities=ring, schema=schema)
    assert stage == "validate"
    assert error.startswith("entities: transitive closure")


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({"principal": 'Robot::"r"'}, "principal", "type `Robot` is not declared"),
        ({"principal": 'Doc::"plan"'}, "principal", "type `Doc` is not valid for"),
        ({"principal": 'in::"x"'}, "principal", ""),
        ({"action": 'Action::"fly"'}, "action", "does not exist in the supplied schema"),
        ({"resource": 'User::"bob"'}, "resource", "type `User` is not valid for"),
        ({"context": {}}, "context", "to have an attribute `mfa`"),
        ({"context": {"mfa": 1}}, "context", "is not valid for"),
        ({"context": {"mfa": True, "extra": 1}}, "context", "`extra` should not exist"),
        ({"context": {"mfa": True, "depth": 2**63}}, "context", ""),
        ({"context": {"mfa": True, "depth": 1.5}}, "context", ""),
        (
            {"additional_entities": [ENTITIES[1] | {"attrs": {"level": 9}}]},
            "additional_entities",
            'duplicate entity entry `User::"ann"`',
        ),
        ({"additional_entities": [5]}, "additional_entities", "deserialization"),
        (
            {"additional_entities": [{"uid": {"type": "X", "id": ""}, "attrs": {}, "parents": []}]},
            "additional_entities",
            "deserialization",
        ),
    ],
)
def test_a_question_that_does_not_fit_the_schema_names_its_field(
    body: dict[str, Any], field: str, problem: str
) -> None:
    with pytest.raises(QuestionError) as caught:
        ask(load(), **body)
    assert caught.value.field == field
    assert problem in caught.value.problem


def test_additional_entities_count_for_their_own_question_only() -> None:
    loaded = load()
    extra = {
        "uid": {"type": "Doc", "id": "draft"},
        "attrs": {"owner": {"type": "User", "id": "bob"}},
        "parents": [],
    }
    about_draft = {"resource": 'Doc::"draft"', "action": 'Action::"edit"'}
    assert ask(loaded, **about_draft, additional_entities=[extra]).decision == "Allow"
    assert ask(loaded, **about_draft).decision == "Deny"


def test_ids_with_any_character_are_matched_as_written() -> None:
    odd = 'a"b\\c\nd\u2028é'
    entities = [
        *ENTITIES,
        {"uid": {"type": "User", "id": odd}, "attrs": {"level": 1}, "parents": []},
        {
            "uid": {"type": "Doc", "id": "odd"},
            "attrs": {"owner": {"__entity": {"type": "User", "id": odd}}},
            "parents": [],
        },
    ]
    principal = r'User::"a\"b\\c\nd\u{2028}é"'
    answer = ask(load(entities=entities), principal=principal, resource='Doc::"odd"')
    assert answer.reason == ("owner",)
