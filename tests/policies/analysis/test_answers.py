"""Each answer of the analysis, with Cedar as the judge of every witness."""

import cedarpy
import pytest

from apps.policies.analysis import (
    Analyzer,
    InvalidPolicies,
    Kind,
    Relation,
    Verdict,
    compare_everywhere,
    is_worth_telling,
    never_matches_anywhere,
    parse_policies,
    review,
)

ALL = "when { true }"


def _decide(rich, witness, text):
    entities = [dict(entity) for entity in witness.entities]
    return cedarpy.is_authorized(witness.request, text, entities, rich.handle)


def test_a_policy_is_vacuous_either_way_or_neither(analyzer, policy, reading):
    never = policy("when { principal.level > 1 && principal.level < 1 }")
    always = policy(ALL)
    assert analyzer.never_matches(never, reading).verdict is Verdict.PROVEN
    assert analyzer.always_matches(never, reading).verdict is Verdict.REFUTED
    assert analyzer.always_matches(always, reading).verdict is Verdict.PROVEN
    assert analyzer.never_matches(always, reading).verdict is Verdict.REFUTED


def test_an_overlap_is_a_request_that_cedar_denies_because_of_the_forbid(
    analyzer, policy, reading, rich
):
    permit = policy("when { principal.level > 3 }", name="p")
    forbid = policy("unless { resource.labels.isEmpty() }", effect="forbid", name="f")
    found, overridden = analyzer.pair(permit, forbid, reading)
    assert (found.kind, found.verdict) == (Kind.OVERLAP, Verdict.PROVEN)
    assert found.policies == ("p0", "f0")
    assert (overridden.kind, overridden.verdict) == (Kind.OVERRIDDEN, Verdict.REFUTED)
    text = "permit(principal, action, resource) when { principal.level > 3 };"
    both = text + "forbid(principal, action, resource is Doc) unless { resource.labels.isEmpty() };"
    assert _decide(rich, found.witness, text).allowed
    assert _decide(rich, found.witness, both).diagnostics.reasons == ["policy1"]
    assert _decide(rich, overridden.witness, both).allowed


def test_policies_that_cannot_meet_do_not_overlap(analyzer, policy, reading):
    permit = policy("when { principal.level > 3 }")
    forbid = policy("when { principal.level < 3 }", effect="forbid")
    found = analyzer.overlap(permit, forbid, reading)
    assert (found.verdict, found.witness) == (Verdict.REFUTED, None)


def test_the_narrower_permit_is_shadowed_and_the_wider_not(analyzer, policy, reading):
    narrow = policy('when { principal in Team::"a" && principal.active }', name="narrow")
    wide = policy("when { principal.active }", name="wide")
    forth, back, redundant = analyzer.pair(narrow, wide, reading)
    assert (forth.kind, forth.policies) == (Kind.SHADOWED, ("narrow0", "wide0"))
    assert (forth.verdict, back.verdict) == (Verdict.PROVEN, Verdict.REFUTED)
    assert (redundant.kind, redundant.verdict) == (Kind.REDUNDANT, Verdict.REFUTED)
    assert redundant.witness == back.witness


def test_the_narrower_forbid_is_shadowed(analyzer, policy, reading):
    narrow = policy("when { resource.level > 5 }", effect="forbid")
    wide = policy("when { resource.level > 4 }", effect="forbid")
    kinds = [(f.kind, f.verdict) for f in analyzer.pair(narrow, wide, reading)]
    assert kinds == [
        (Kind.FORBID_SHADOWED, Verdict.PROVEN),
        (Kind.FORBID_SHADOWED, Verdict.REFUTED),
        (Kind.REDUNDANT, Verdict.REFUTED),
    ]


def test_a_permit_under_a_wider_forbid_is_overridden(analyzer, policy, reading):
    permit = policy('when { principal.roles.containsAll(["a", "b"]) }')
    forbid = policy('when { principal.roles.contains("b") }', effect="forbid")
    assert analyzer.covered(permit, forbid, reading).verdict is Verdict.PROVEN


def test_a_permit_never_overrides_a_forbid(analyzer, policy, reading):
    with pytest.raises(ValueError, match="A permit does not override a forbid"):
        analyzer.covered(policy(ALL, effect="forbid"), policy(ALL), reading)


def test_a_rewritten_policy_is_redundant(analyzer, policy, reading):
    one = policy('when { [1, 2].contains(principal.level) && !(principal.name like "*a") }')
    other = policy(
        'when { principal.level >= 1 && principal.level <= 2 } unless { principal.name like "*a" }'
    )
    assert [f.verdict for f in analyzer.pair(one, other, reading)] == [Verdict.PROVEN] * 3


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("principal.level > 3", "principal.level >= 4", Relation.EQUIVALENT),
        ("principal.level > 3", "principal.level > 2", Relation.MORE),
        ("principal.level > 3", "principal.level > 4", Relation.LESS),
        ("principal.level > 3", "principal.level < 7", Relation.INCOMPARABLE),
    ],
)
def test_two_sets_are_compared_with_a_request_for_each_difference(
    analyzer, policy, reading, rich, old, new, relation
):
    before, after = policy(f"when {{ {old} }}"), policy(f"when {{ {new} }}")
    found = analyzer.compare([before], [after], reading)
    assert found.relation is relation
    text = "permit(principal, action, resource) when {{ {} }};"
    for finding, allows, denies in (
        (found.newly_allowed, new, old),
        (found.newly_denied, old, new),
    ):
        if finding.verdict is Verdict.PROVEN:
            assert _decide(rich, finding.witness, text.format(allows)).allowed
            assert not _decide(rich, finding.witness, text.format(denies)).allowed


def test_a_new_forbid_allows_less_only_where_it_can_apply(analyzer, rich):
    old = parse_policies("permit(principal, action, resource);", rich)
    new = (
        *old,
        *parse_policies('forbid(principal, action == Action::"write", resource);', rich, name="f"),
    )
    relations = {
        c.environment.action_id: c.relation for c in compare_everywhere(analyzer, old, new)
    }
    assert relations == {"read": Relation.EQUIVALENT, "write": Relation.LESS}


def test_groups_of_actions_hold_their_members_only(analyzer, rich):
    change = parse_policies('permit(principal, action in Action::"change", resource);', rich)[0]
    matched = {e.action_id: analyzer.never_matches(change, e).verdict for e in rich.environments}
    assert matched == {"read": Verdict.PROVEN, "write": Verdict.REFUTED}
    assert never_matches_anywhere(analyzer, change) is Verdict.REFUTED


def test_a_template_is_analysed_for_every_entity_in_its_slot(analyzer, reading, rich):
    template, fixed, wide = parse_policies(
        """
        permit(principal in ?principal, action, resource is Doc in ?resource);
        permit(principal in Team::"a", action, resource is Doc);
        permit(principal, action, resource);
        """,
        rich,
    )
    forth, back, _ = analyzer.pair(template, wide, reading)
    assert (forth.verdict, back.verdict) == (Verdict.PROVEN, Verdict.REFUTED)
    assert analyzer.covered(template, fixed, reading).verdict is Verdict.REFUTED
    shown = analyzer.never_matches(template, reading)
    assert shown.verdict is Verdict.REFUTED
    assert set(shown.witness.slots["policy0"]) == {"principal", "resource"}


def test_one_template_in_two_sets_is_linked_alike(analyzer, reading, rich):
    old = parse_policies("permit(principal == ?principal, action, resource);", rich)
    new = parse_policies("permit(principal in ?principal, action, resource);", rich)
    found = analyzer.compare(old, new, reading)
    assert found.relation is Relation.MORE
    assert found.newly_allowed.witness is not None


def test_a_review_tells_every_policy_and_pair_that_can_meet(analyzer, rich):
    policies = parse_policies(
        """
        permit(principal, action == Action::"write", resource) when { principal.level > 1 };
        forbid(principal, action == Action::"write", resource) when { principal.level > 5 };
        permit(principal == User::"a", action == Action::"read", resource is Folder);
        permit(principal == User::"b", action == Action::"read", resource is Folder);
        """,
        rich,
    )
    told = [
        (f.kind, f.policies, f.verdict)
        for f in review(analyzer, policies)
        if len(f.policies) == 2 and is_worth_telling(f)
    ]
    assert told == [(Kind.OVERLAP, ("policy0", "policy1"), Verdict.PROVEN)]


def test_policies_that_are_not_strictly_valid_are_refused(rich):
    with pytest.raises(InvalidPolicies, match="attribute `nope`"):
        parse_policies("permit(principal, action, resource) when { principal.nope };", rich)


def test_an_answer_is_remembered_for_the_same_policies_only(rich, policy, reading):
    analyzer, again = Analyzer(rich), Analyzer(rich)
    first = analyzer.never_matches(policy("when { principal.level > 77 }"), reading)
    assert again.never_matches(policy("when { principal.level > 77 }"), reading) is first
    assert again.never_matches(policy("when { principal.level > 78 }"), reading) is not first
