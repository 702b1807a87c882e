"""What an impact says in single cases, by Cedar's own word, and what it never claims."""

import pytest

from apps.policies.comparison import Body, Change, Mode
from apps.policies.impact import Effect, Says, compute_impact
from apps.policies.impact.patterns import are_all_ways, examples, matches
from apps.policies.telling.circumstances import tell_when
from apps.policies.telling.places import Places
from tests.policies.impact.worlds import SCHEMA

pytestmark = pytest.mark.gap("UX-H4")


def _row(type, id, attributes, *parents):
    above = [{"type": kind, "id": name} for kind, name in parents]
    return {"uid": {"type": type, "id": id}, "attrs": attributes, "parents": above}


COMPANY = [
    _row("Scope", "c", {"kind": "company", "name": "C"}),
    _row("Scope", "c/a", {"kind": "team", "name": "A"}, ("Scope", "c")),
    _row("User", "boss", {"roles": ["admin"]}, ("Scope", "c")),
    _row("User", "dev", {"roles": []}, ("Scope", "c/a")),
]


def _impact(after, before="", **options):
    def body(text):
        return Body(id="it", cedar=text, mode=Mode.OPTIONAL, path=("c",))

    change = Change(id="it", base=(body(before),), after=(body(after),))
    return compute_impact(change, SCHEMA, COMPANY, **options)


def _told(impact):
    return [
        (
            row.action,
            row.effect.value,
            [impact.who[at].id for at in row.who],
            [impact.what[at][1:] for at in row.what],
            tell_when(
                [
                    {"root": t.root, "name": t.name, "options": [_json(o) for o in t.options]}
                    for t in row.when
                ],
                is_sampled=row.is_sampled,
            ),
        )
        for row in impact.rows
    ]


def _json(option):
    names = ("says", "value", "low", "high", "patterns", "unlike", "besides")
    return {name: getattr(option, name) for name in names}


def test_hours_are_told_as_the_ranges_between_their_borders():
    impact = _impact(
        'permit(principal == User::"dev", action == Action::"deploy", resource == Scope::"c/a")'
        " when { context has hour && context.hour >= 6 && context.hour < 18 };"
    )
    assert _told(impact) == [
        ("deploy", "gains", ["dev"], [("c/a", "")], "when the hour is 6 to 17")
    ]
    assert impact.is_sampled is False


def test_a_forbid_takes_only_what_was_permitted():
    everyone = 'permit(principal in Scope::"c/a", action == Action::"deploy", resource);'
    impact = _impact(f'{everyone} forbid(principal, action, resource == Scope::"c");', everyone)
    assert _told(impact) == [("deploy", "loses", ["dev"], [("c", "")], "always")]


def test_members_deploy_where_they_are():
    impact = _impact(
        'permit(principal is User, action == Action::"deploy", resource)'
        " when { principal in resource };"
    )
    assert _told(impact) == [
        ("deploy", "gains", ["boss", "dev"], [("c", "")], "always"),
        ("deploy", "gains", ["dev"], [("c/a", "")], "always"),
    ]


def test_a_named_tool_is_told_apart_from_every_other():
    impact = _impact('permit(principal, action == Action::"run_tool", resource == Tool::"bash");')
    assert _told(impact) == [
        ("run_tool", "gains", ["boss", "dev"], [("bash", ""), ("bash", "c"), ("bash", "c/a")],
         "always"),
    ]  # fmt: skip


def test_a_computed_condition_is_sampled_and_says_so():
    impact = _impact(
        'permit(principal == User::"dev", action == Action::"deploy", resource == Scope::"c")'
        " when { context has hour && context.hour * 2 > 24 };"
    )
    assert impact.is_sampled is True
    assert [row.is_sampled for row in impact.rows] == [True]
    assert "(examples were tried)" in _told(impact)[0][4]


def test_too_many_requests_end_it_and_it_says_so():
    impact = _impact("permit(principal, action, resource) when { context has mfa };", limit=10)
    assert (impact.is_cut, impact.limit) == (True, 10)
    assert impact.asked <= 10


def test_the_same_question_has_the_same_answer():
    text = 'permit(principal, action in Action::"read", resource) unless { context has mfa };'
    assert _impact(text).as_json() == _impact(text).as_json()


def test_a_policy_that_is_only_written_otherwise_changes_nothing():
    impact = _impact(
        'permit(principal is User, action == Action::"deploy", resource);',
        'permit(principal, action == Action::"deploy", resource) when { principal is User };',
    )
    assert (impact.rows, impact.is_sampled) == ([], False)


def test_patterns_are_matched_as_cedar_does():
    assert matches((None, ".env"), "a.env")
    assert not matches((None, ".env"), "a.envy")
    assert matches(("a", None, "b", None, "c"), "abc")
    assert not matches(("ab", None, "bc"), "abc")
    assert matches((), "")
    assert not matches((), "x")


def test_examples_show_each_way_that_patterns_can_be_met():
    patterns = [("src/", None), (None, ".py")]
    found = examples(patterns, apart_from=())
    assert set(found) == {(True, True), (True, False), (False, True), (False, False)}
    assert are_all_ways(patterns, found)
    apart = [(None, ".env"), (None, ".pem")]
    assert are_all_ways(apart, examples(apart, apart_from=()))
    unsure = [(None, "a", None), (None, "b", None)]
    assert not are_all_ways(unsure, {(True, False), (False, True), (False, False)})


def test_whole_branches_are_told_by_their_top():
    known = ["c", "c/a", "c/a/x", "c/b"]
    places = Places(known, seen=known)
    assert places.tell([("Scope", one, "") for one in known]) == "everywhere"
    branch = [("File", "", "c/a"), ("File", "", "c/a/x")]
    assert places.tell(branch) == "in c/a and everything below"
    assert places.tell([("Tool", "bash", "c/b")]) == "the tool “bash” in c/b"
    assert places.tell([("File", "", ""), ("File", "", "c")]) == "outside every scope, in c"
    blind = Places(known, seen=["c/b"])
    assert blind.tell([*branch, ("File", "", "c/b")]) == "in c/b, in 2 places you may not see"


def test_words_of_the_vocabulary_are_stable():
    assert [effect.value for effect in Effect] == ["gains", "loses"]
    assert Says.OTHER.value == "other"
