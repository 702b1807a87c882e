"""Layers of a policy: what holds at a scope, what is refused, and who overrode whom."""

from dataclasses import replace

import pytest

from apps.policies.inheritance import Layer, effective_policies, find_breaches
from apps.policies.rules import parse_rules

PLACES = ("acme", "acme/web", "acme/web/api")


def layer(depth, *rules, name="base", mode="optional", merge="merge", severity="warn", cedar=""):
    said = parse_rules([{"target": "file", "effect": "forbid", "path": "x", **r} for r in rules])
    filled = tuple(replace(rule, severity=rule.severity or severity) for rule in said)
    place = PLACES[depth - 1]
    return Layer(
        policy_id=f"{name}-{depth}", name=name, scope_id=depth, scope_name=place, place=place,
        depth=depth, version=1, severity=severity, mode=mode, merge_strategy=merge, cedar=cedar,
        rules=filled,
    )  # fmt: skip


def held(*layers, place="acme/web/api"):
    """Return (rule id, depth it comes from, path) of what holds."""
    found = effective_policies(layers, place=place)
    return [(e.rule.id, e.layer.depth, e.rule.path) for policy in found for e in policy.rules]


def breaches(written, *above):
    return [(breach.field, breach.text) for breach in find_breaches(written, above)]


A, B, C = {"id": "a", "path": "a"}, {"id": "b", "path": "b"}, {"id": "c", "path": "c"}


def test_merge_adds_and_a_lower_rule_takes_the_place_of_an_equal_one():
    below = {"id": "a", "path": "other"}

    assert held(layer(1, A, B), layer(2, C), layer(3, below)) == [
        ("a", 3, "other"), ("b", 1, "b"), ("c", 2, "c"),
    ]  # fmt: skip
    (policy,) = effective_policies([layer(1, A), layer(3, below)], place="acme/web/api")
    assert [one.depth for one in policy.rules[0].replaces] == [1]


def test_override_stands_instead_of_what_is_optional_and_is_told():
    above, between, below = layer(1, A), layer(2, B), layer(3, C, merge="override")

    assert held(above, between, below) == [("c", 3, "c")]
    (policy,) = effective_policies([above, between, below], place="acme/web/api")
    assert [s.overridden_by and s.overridden_by.depth for s in policy.standings] == [3, 3, None]


def test_what_is_mandatory_stays_although_it_is_overridden():
    above, below = layer(1, A, mode="mandatory"), layer(3, C, merge="override")

    assert held(above, below) == [("a", 1, "a"), ("c", 3, "c")]
    (policy,) = effective_policies([above, below], place="acme/web/api")
    assert policy.standings[0].overridden_by is None
    assert policy.standings[1].notes == ("a of base of acme stays: it is mandatory",)


def test_intersect_leaves_only_what_both_have():
    assert held(layer(1, A, B), layer(2, B, C, merge="intersect")) == [("b", 2, "b")]
    assert held(layer(2, B, C, merge="intersect")) == [("b", 2, "b"), ("c", 2, "c")]
    assert held(layer(1, A, mode="mandatory"), layer(2, C, merge="intersect")) == [("a", 1, "a")]


def test_a_weaker_rule_does_not_hold_below_a_mandatory_one_however_it_came_about():
    above = layer(1, {**A, "severity": "block"}, mode="mandatory")
    (policy,) = effective_policies([above, layer(2, A)], place="acme/web")

    assert [(one.layer.depth, one.rule.severity) for one in policy.rules] == [(1, "block")]
    assert policy.standings[1].notes == (
        "a does not hold: base of acme is stricter; its severity would be warn instead of block",
    )


def test_a_weaker_rule_does_not_hold_behind_one_that_was_strict_enough():
    above = layer(1, A, mode="mandatory", severity="warn")
    between, below = layer(2, A, severity="block"), layer(3, A, severity="info")

    (policy,) = effective_policies([above, between, below], place="acme/web/api")

    assert [(one.layer.depth, one.rule.severity) for one in policy.rules] == [(2, "block")]


def test_a_rule_that_contradicts_a_forbidden_policy_does_not_hold():
    above = layer(1, A, name="top", mode="forbidden")
    below = layer(2, {"id": "z", "effect": "allow", "path": "a"}, C)

    assert held(above, below) == [("c", 2, "c"), ("a", 1, "a")]


def test_an_exception_turns_a_rule_off_there_and_below():
    above = layer(1, {**A, "except_in": ["acme/web"]})

    def is_off(place):
        (policy,) = effective_policies([above], place=place)
        return policy.rules[0].is_off_here

    assert [is_off(p) for p in (*PLACES, "acme/webshop")] == [False, True, True, False]


MANDATORY = layer(1, {**A, "severity": "block"}, mode="mandatory")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"severity": "warn"}, "its severity would be warn instead of block"),
        ({"effect": "allow"}, "it would allow what is to forbid"),
        ({"path": "a/b"}, "it would be about something else"),
        ({"except_in": ["acme/web"]}, "it would leave out more places"),
        ({"roles": ["architect"]}, "it would leave out more people"),
    ],
)
def test_a_rule_that_weakens_a_mandatory_one_is_named_with_its_parent(change, words):
    written = layer(2, {**A, "severity": "block", **change})

    said = f"a: base of acme is mandatory; its rule cannot be weakened below: {words}."
    assert breaches(written, MANDATORY) == [("rules", said)]
    assert breaches(written, replace(MANDATORY, mode="optional")) == []
    assert breaches(replace(written, name="other"), MANDATORY) == []


@pytest.mark.parametrize(
    ("effect", "versions", "is_weaker"),
    [("forbid", "<4", True), ("forbid", "<6", False), ("forbid", "", False),
     ("require", ">=4", True), ("require", ">=6", False), ("require", "", True)],
)  # fmt: skip
def test_versions_may_only_be_tightened(effect, versions, is_weaker):
    rule = {"id": "a", "target": "dependency", "effect": effect, "ecosystem": "npm", "name": "x"}
    upper = {**rule, "versions": "<5" if effect == "forbid" else ">=5"}
    lower = {**rule, "versions": versions} if versions else rule

    def made(depth, one, mode):
        return replace(
            layer(depth, mode=mode),
            rules=tuple(replace(r, severity="warn") for r in parse_rules([one])),
        )

    found = breaches(made(2, lower, "optional"), made(1, upper, "mandatory"))
    assert bool(found) is is_weaker


@pytest.mark.parametrize(("merge", "verb"), [("override", "overridden"), ("intersect", "cut down")])
@pytest.mark.parametrize("mode", ["mandatory", "forbidden"])
def test_what_is_not_optional_is_neither_overridden_nor_cut_down(merge, verb, mode):
    written = layer(3, C, merge=merge)

    assert breaches(written, layer(1, A, mode=mode), layer(2, B)) == [
        ("merge_strategy", f"base of acme is {mode}: it cannot be {verb} below. Choose merge.")
    ]
    assert breaches(written, layer(1, A)) == []


def test_cedar_is_not_intersected():
    (breach,) = breaches(layer(2, C, merge="intersect"), layer(1, A, cedar="permit(...);"))

    assert breach[0] == "merge_strategy"
    assert breach[1].startswith("Cedar statements cannot be intersected: choose merge")
    assert breach[1].endswith("base of acme is what this would be intersected with.")


NPM = {"target": "dependency", "ecosystem": "npm", "name": "lodash", "versions": "<4.17.21"}


@pytest.mark.parametrize(
    ("upper", "lower", "is_breach"),
    [
        (NPM, {**NPM, "effect": "allow", "versions": "<3"}, True),
        (NPM, {**NPM, "effect": "allow", "versions": ">=4.17.21"}, False),
        (NPM, {**NPM, "effect": "allow", "name": "lod*"}, True),
        (NPM, {**NPM, "effect": "allow", "name": "ramda"}, False),
        (NPM, {**NPM, "effect": "require", "versions": ">=4.17.21"}, False),
        (NPM, {**NPM, "effect": "require", "versions": "<4"}, True),
        (NPM, {**NPM, "effect": "forbid", "versions": "<2"}, False),
        ({"path": ".env"}, {"path": "**/.env", "effect": "allow"}, True),
        ({"effect": "require", "path": "S.md"}, {"path": "*.md"}, True),
        ({"effect": "require", "path": "S.md"}, {"path": "T.md"}, False),
        ({"target": "import", "module": "a.b", "path": "**"},
         {"target": "import", "module": "a", "effect": "allow", "path": "**"}, True),
        ({"target": "import", "module": "a.b", "path": "**"},
         {"target": "import", "module": "ab", "effect": "allow", "path": "**"}, False),
        ({"target": "config", "file": "a", "key": "k", "equals": 1},
         {"target": "config", "file": "a", "key": "k", "equals": 1, "effect": "require"}, True),
        ({"target": "config", "file": "a", "key": "k", "equals": 1},
         {"target": "config", "file": "a", "key": "k", "equals": 2, "effect": "require"}, False),
        ({"target": "code", "pattern": "x"},
         {"target": "code", "pattern": "x", "effect": "allow", "path": "src/**"}, True),
    ],
)  # fmt: skip
def test_nothing_below_a_forbidden_policy_says_the_opposite(upper, lower, is_breach):
    def made(depth, rule, **changes):
        values = {"effect": "forbid", **rule, "id": f"r{depth}"}
        values = values if "target" in values else {"target": "file", **values}
        filled = tuple(replace(r, severity="warn") for r in parse_rules([values]))
        return replace(layer(depth, **changes), rules=filled)

    above = made(1, upper, name="top", mode="forbidden")
    found = breaches(made(2, lower), above)

    said = "r2: top of acme is forbidden; its rule cannot be contradicted below: see its rule r1."
    assert found == ([("rules", said)] if is_breach else [])
    assert breaches(made(2, lower), replace(above, mode="mandatory")) == []
