"""Each form of policy that slicing looks at leaves out what cannot apply, and nothing else."""

import json
import threading
from typing import Any

import cedarpy
import pytest
from aeterna_cedar_agent import slicing
from aeterna_cedar_agent.slicing import Decider, Replay, ReplaySource, decider_for

SCHEMA = """
entity Org in [Org]; entity Team in [Org];
entity User in [Team] { level: Long, dept?: String, boss?: User, roles: Set<String> };
entity Doc in [Org] { owner: User, kind: String, readers: Set<User> };
action all; action read, write in [all] appliesTo { principal: [User], resource: [Doc],
  context: { mfa: Bool, org?: Org, boss?: User, price?: decimal, cost?: decimal,
    prices?: Set<decimal>, odd?: Long, rec?: { fn?: String } } };
"""


def ref(kind: str, id_: str) -> dict[str, str]:
    return {"type": kind, "id": id_}


def row(type_: str, id_: str, *parents: dict[str, str], **attrs: Any) -> dict[str, Any]:
    return {"uid": ref(type_, id_), "attrs": attrs, "parents": list(parents)}


def user(id_: str, *parents: dict[str, str], **attrs: Any) -> dict[str, Any]:
    return row("User", id_, *parents, **{"level": 3, "roles": ["dev", "ops"], **attrs})


ROWS = [
    row("Org", "top"),
    row("Org", "low", ref("Org", "top")),
    row("Team", "core", ref("Org", "low")),
    user("ann", ref("Team", "core"), dept="eng", boss={"__entity": ref("User", "bob")}),
    user("bob", dept="law"),
    user("zed", dept="law"),
    user("cat", dept="law"),
    row(
        "Doc",
        "plan",
        ref("Org", "low"),
        owner={"__entity": ref("User", "ann")},
        kind="note",
        readers=[{"__entity": ref("User", "bob")}],
    ),
]


def ask(principal: str = "ann", action: str = "read", **context: Any) -> dict[str, Any]:
    return {
        "principal": ref("User", principal),
        "action": ref("Action", action),
        "resource": ref("Doc", "plan"),
        "context": {"mfa": True, **context},
    }


def decider(*texts: str, rows: list[dict[str, Any]] | None = None) -> Decider:
    schema = cedarpy.Schema.from_str(SCHEMA)
    entities = cedarpy.Entities.from_json_str(json.dumps(ROWS if rows is None else rows), schema)
    return decider_for(cedarpy.PolicySet.from_str("\n".join(texts)), entities, schema)


def outcome(
    request: dict[str, Any], *texts: str, added: list[dict[str, Any]] | None = None
) -> tuple[str, list[str]]:
    """What plain cedarpy says, after checking that slicing says the same."""
    schema = cedarpy.Schema.from_str(SCHEMA)
    entities = cedarpy.Entities.from_json_str(json.dumps(ROWS), schema)
    sliced = decider(*texts)
    if added is None:
        verdict = sliced.decide(request)
    else:
        entities = entities.with_added_json_str(json.dumps(added), schema)
        verdict = sliced.decide_with(request, added=json.dumps(added))
    policies = cedarpy.PolicySet.from_str("\n".join(texts))
    plain = cedarpy.is_authorized(request, policies, entities, schema)
    found = plain.diagnostics
    told = plain.decision.value, sorted(found.reasons), found.errors
    assert (verdict.decision, sorted(verdict.reasons), list(verdict.errors)) == told
    return plain.decision.value, found.errors


@pytest.mark.parametrize(
    ("applies", "not_"),
    [
        ('principal == User::"ann"', 'principal == User::"bob"'),
        ('principal in Team::"core"', 'principal in Team::"else"'),
        ('principal in Org::"top"', 'principal in Org::"else"'),
        ("principal is User", "principal is Team"),
        ('principal is User in Org::"low"', 'principal is User in Org::"else"'),
    ],
)
def test_a_principal_scope_counts_with_the_principals_ancestors(applies: str, not_: str) -> None:
    texts = [f"permit({scope}, action, resource);" for scope in (not_, applies)]
    assert decider(*texts).candidates(ask()) == ["policy1"]


@pytest.mark.parametrize(
    ("applies", "not_"),
    [
        ('action == Action::"read"', 'action == Action::"write"'),
        ('action in Action::"all"', 'action in Action::"else"'),
        ('action in [Action::"no", Action::"all"]', 'action in [Action::"write"]'),
    ],
)
def test_an_action_scope_counts_with_the_groups_of_the_schema(applies: str, not_: str) -> None:
    texts = [f"permit(principal, {scope}, resource);" for scope in (not_, applies)]
    assert decider(*texts).candidates(ask()) == ["policy1"]


@pytest.mark.parametrize(
    ("applies", "not_"),
    [
        ('resource == Doc::"plan"', 'resource == Doc::"else"'),
        ('resource in Org::"top"', 'resource in Org::"else"'),
        ("resource is Doc", "resource is Org"),
        ('resource is Doc in Org::"low"', 'resource is Doc in Doc::"plan2"'),
    ],
)
def test_a_resource_scope_counts_with_the_resources_ancestors(applies: str, not_: str) -> None:
    texts = [f"permit(principal, action, {scope});" for scope in (not_, applies)]
    assert decider(*texts).candidates(ask()) == ["policy1"]


@pytest.mark.parametrize(
    ("applies", "not_"),
    [
        ('principal.dept == "eng"', 'principal.dept == "law"'),
        ('"eng" == principal.dept', '"law" == principal.dept'),
        ('principal.boss.dept == "law"', 'principal.boss.dept == "eng"'),
        ('principal.boss == User::"bob"', 'principal.boss == User::"ann"'),
        ("resource.owner == principal", "resource.owner != principal"),
        ("context.mfa", "!context.mfa"),
        ("context has mfa", "!(context has mfa)"),
        ("principal has boss.dept", "principal has boss.boss"),
        ('["eng", "ops"].contains(principal.dept)', '["law"].contains(principal.dept)'),
        ('principal.roles.contains("dev")', 'principal.roles.contains("boss")'),
        ('principal.roles.containsAny(["x", "ops"])', 'principal.roles.containsAny(["x"])'),
        ("resource.readers.contains(principal.boss)", "resource.readers.contains(principal)"),
        ('principal.boss in [User::"bob"]', 'principal.boss in Team::"core"'),
        ("principal is User", "resource is User"),
        ('resource.kind == "x" || resource.kind == "note"', 'resource.kind == "x" || false'),
        ('principal.level > 1 && principal.dept == "eng"', 'principal.dept == "x" && context.odd'),
    ],
)
def test_a_condition_leaves_out_a_policy_that_it_rules_out(applies: str, not_: str) -> None:
    expected = ["policy0", "policy1"] if "|| false" in not_ else ["policy1"]
    texts = [f"permit(principal, action, resource) when {{ {c} }};" for c in (not_, applies)]
    assert decider(*texts).candidates(ask()) == expected
    assert outcome(ask(), *texts)[0] == "Allow"


def test_unless_rules_out_what_when_would_keep() -> None:
    texts = [
        "forbid(principal, action, resource) unless { context.mfa };",
        "forbid(principal, action, resource) unless { !context.mfa || context has org };",
    ]
    assert decider(*texts).candidates(ask()) == ["policy1"]


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ('context.org == Org::"x"', "does not have the attribute `org`"),
        ('context.odd + 1 == 2 && principal.dept == "x"', "does not have the attribute `odd`"),
        ('principal.level && principal.dept == "x"', "expected bool, got long"),
        ('principal.level has x && principal.dept == "x"', "type error"),
        ('principal.dept in Org::"x"', "type error"),
        ('principal.boss.boss == User::"x"', "does not have the attribute `boss`"),
        ('context.boss.dept == "x"', "does not exist"),
        ('principal.dept.contains("x")', "type error"),
        ('context.price like "x*" && principal.dept == "x"', "type error"),
        ('context.price.arg == "x"', "type error"),
    ],
)
def test_a_policy_that_fails_keeps_failing_in_the_engines_words(condition: str, error: str) -> None:
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    nobody = {"__entity": ref("User", "nobody")}
    decision, errors = outcome(ask(boss=nobody, price={"fn": "decimal", "arg": "1.0"}), text)
    assert decision == "Deny"
    assert len(errors) == 1
    assert error in errors[0]


@pytest.mark.parametrize(
    ("condition", "context"),
    [
        ("context.price == context.cost", {"price": "1.0", "cost": "1.00"}),
        ("context.prices.contains(context.cost)", {"prices": ["1.0"], "cost": "1.00"}),
        ("context.odd != context.mfa", {"odd": 1}),
        ("context.odd != true", {"odd": 1}),
        ('context.org == Org::"low"', {"org": ref("Org", "low")}),
        ('context.org in Org::"top"', {"org": ref("Org", "low")}),
    ],
)
def test_values_that_can_be_written_in_two_ways_are_left_to_the_engine(
    condition: str, context: dict[str, Any]
) -> None:
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    assert outcome(ask(**context), text) == ("Allow", [])


def test_a_member_given_twice_counts_as_the_engine_counts_it() -> None:
    request = {**ask(), "context": '{"mfa": true, "odd": 1, "odd": 2}'}
    texts = [
        f"permit(principal, action, resource) when {{ context.odd == {odd} }};" for odd in (1, 2)
    ]
    assert outcome(request, *texts)[0] == "Allow"
    assert decider(*texts).candidates(request) == ["policy0", "policy1"]


DRAFT = row("Doc", "draft", ref("Org", "low"), owner=ref("User", "bob"), kind="x", readers=[])


@pytest.mark.parametrize(
    "condition",
    [
        'resource.owner.dept == "law"',
        'context.boss.dept == "law"',
        'User::"cat".dept == "law"',
        'principal.boss.dept == "law"',
        'resource in Org::"top"',
    ],
)
def test_added_entities_see_all_that_a_policy_can_reach(condition: str) -> None:
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    request = {**ask(boss=ref("User", "zed")), "resource": ref("Doc", "draft")}
    assert outcome(request, text, added=[DRAFT]) == ("Allow", [])


def test_an_added_parent_reaches_those_below_it() -> None:
    rows = [*ROWS, user("cy", ref("Team", "late"))]
    sliced = decider('permit(principal in Org::"top", action, resource);', rows=rows)
    added = json.dumps([row("Team", "late", ref("Org", "low"))])
    assert sliced.decide(ask("cy")).decision == "Deny"
    assert sliced.decide_with(ask("cy"), added=added).decision == "Allow"


@pytest.mark.parametrize(
    "added",
    [
        [{**user("ann"), "attrs": {"level": 9, "roles": []}}],
        [user("dan", level="high")],
        [row("Ship", "s")],
        "no list",
        [5],
    ],
)
def test_entities_that_cannot_be_added_are_refused_in_the_engines_words(added: Any) -> None:
    schema = cedarpy.Schema.from_str(SCHEMA)
    entities = cedarpy.Entities.from_json_str(json.dumps(ROWS), schema)
    with pytest.raises(ValueError, match="entit") as plain:
        entities.with_added_json_str(json.dumps(added), schema)
    sliced = decider("permit(principal, action, resource);")
    with pytest.raises(ValueError, match="entit") as caught:
        sliced.decide_with(ask(), added=json.dumps(added))
    assert str(caught.value) == str(plain.value)
    assert sliced.decide(ask()).decision == "Allow"


def test_a_policy_nested_too_deep_to_read_is_evaluated_always() -> None:
    deep = " || ".join(["context.odd == 1"] * 300)
    text = f"permit(principal, action, resource) when {{ context has odd && ({deep}) }};"
    source = ReplaySource(
        policies=(
            ("plain", 'permit(principal == User::"bob", action, resource);'),
            ("deep", f"{text} permit(principal, action, resource) when {{ context.odd == 5 }};"),
            ("last", 'forbid(principal, action == Action::"write", resource);'),
        ),
        entities=json.dumps(ROWS),
        schema=SCHEMA,
    )
    with Replay(source, processes=1) as replay:
        told = replay.decide_many([ask(odd=1), ask(), ask(action="write", odd=1), ask("bob")])
    assert [(one.decision, one.reasons) for one in told] == [
        ("Allow", ("deep#0",)),
        ("Deny", ()),
        ("Deny", ("last",)),
        ("Allow", ("plain",)),
    ]
    failed = "error while evaluating policy `deep#1`: "
    assert [len(one.errors) for one in told] == [0, 1, 0, 1]
    assert all(text.startswith(failed) for one in told for text in one.errors)


def test_processes_answer_in_the_order_of_the_requests() -> None:
    source = ReplaySource(
        policies=(("bob", 'permit(principal == User::"bob", action, resource);'),),
        entities=json.dumps(ROWS),
        schema=SCHEMA,
    )
    requests = [ask("bob" if place % 3 else "ann") for place in range(2_500)]
    with Replay(source, processes=2) as replay:
        told = replay.decide_many(requests)
    assert [one.decision for one in told] == ["Allow" if at % 3 else "Deny" for at in range(2_500)]
    with pytest.raises(RuntimeError, match="closed"):
        replay.turns(requests)


def test_a_question_repeated_in_a_batch_is_answered_each_time() -> None:
    sliced = decider("permit(principal, action, resource) when { context.odd == 1 };")
    requests = [ask(odd=1), ask(odd=True), ask(), ask(odd=1), {**ask(), "context": None}, ask()]
    told = sliced.decide_many(requests)
    assert told == [sliced.decide(request) for request in requests]
    assert [one.decision for one in told] == [
        "Allow",
        "NoDecision",
        "Deny",
        "Allow",
        "NoDecision",
        "Deny",
    ]
    assert told[4] != told[2]


def test_a_source_that_does_not_parse_is_refused() -> None:
    broken = ReplaySource(policies=(("a", "permit("),), entities="[]")
    with pytest.raises(ValueError, match="unexpected end"):
        Replay(broken, processes=1)


def test_many_threads_get_the_same_answers() -> None:
    texts = [
        f"permit(principal, action, resource) when {{ context has odd && context.odd == {n % 7} }};"
        for n in range(300)
    ]
    sliced, failures = decider(*texts), []
    expected = [sliced.decide(ask(odd=odd)) for odd in range(9)]

    def work() -> None:
        told = [sliced.decide(ask(odd=turn % 9)) for turn in range(63)]
        failures.extend(at for at in range(63) if told[at] != expected[at % 9])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [len(verdict.reasons) for verdict in expected] == [43, 43, 43, 43, 43, 43, 42, 0, 0]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeterna_cedar_agent.slicing.shelves.REMEMBERED", 10)
    texts = [f'permit(principal == User::"u{n}", action, resource);' for n in range(60)]
    sliced = decider(*texts)
    for number in range(60):
        assert sliced.decide(ask(f"u{number}")).reasons == (f"policy{number}",)
    assert len(sliced._index.shelves._combinations) == 10
    assert slicing.World(ROWS).line(slicing.World(ROWS).own[0]) == {("Org", "top")}
