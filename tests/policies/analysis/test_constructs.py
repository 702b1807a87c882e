"""Each construct of Cedar: what can be is shown in Cedar, what cannot be is proven."""

import pytest

from apps.policies.analysis import Analyzer, Solver, Verdict
from apps.policies.analysis.schema import Plain, RecordType
from apps.policies.analysis.values import Record
from apps.policies.analysis.world import World

# Conditions that some request meets.
POSSIBLE = [
    "when { principal.active }",
    "unless { principal.active }",
    "when { principal.level == 3 || principal.level != 3 }",
    "when { principal.level + 1 > resource.level - 2 }",
    "when { principal.level * 3 == 12 }",
    "when { -principal.level == 7 }",
    'when { principal in Team::"one" && principal in Org::"two" }',
    'when { principal.team in [Team::"one", Team::"two"] }',
    "when { principal in principal.teams }",
    "when { resource.owner in resource.readers }",
    'when { principal.roles.contains("dev") && !principal.roles.contains("ops") }',
    "when { resource.labels.containsAll(principal.roles) && !principal.roles.isEmpty() }",
    "when { resource.labels.containsAny(principal.roles) && resource.labels != principal.roles }",
    "when { resource.labels == principal.roles }",
    "when { resource.cells.contains(resource.shape) && !resource.cells.contains({w: 1, h: 2}) }",
    "when { principal.points == principal.points && principal.points.isEmpty() }",
    'when { principal.name like "a*b" && principal.name != "ab" }',
    "when { principal has manager && principal.manager.level > principal.level }",
    "when { principal has address.zip && principal.address.zip == 12 }",
    "when { principal.address.geo.x == 4 && !(principal.address.geo has y) }",
    "when { resource.shape == {w: 1, h: 2} }",
    "when { context.box == resource.shape }",
    'when { principal.hasTag("a") && principal.getTag("a").contains("b") }',
    'when { resource.hasTag("size") && resource.getTag("size") > 9 }',
    "when { if principal.active then resource.level > 1 else resource.level < 1 }",
    'when { principal.born < datetime("2000-01-01") && resource.made > principal.born }',
    'when { principal.born.offset(duration("1d")) == datetime("2024-02-29") }',
    'when { resource.made.toDate() != resource.made && resource.made.toTime() < duration("1h") }',
    "when { resource.made.durationSince(principal.born).toDays() == 3 }",
    "when { principal has leave && principal.leave.toMilliseconds() == -1500 }",
    "when { principal has leave && principal.leave.toMilliseconds() == -1500"
    " && principal.leave.toSeconds() == -1 }",
    'when { principal.score.lessThan(decimal("0.0001")) }',
    'when { principal.host.isInRange(ip("10.0.0.0/8")) && principal.host != ip("10.0.0.1") }',
    "when { principal.host.isIpv6() && principal.host.isMulticast() }",
    "when { context has peer && context.peer.isLoopback() && context.peer.isIpv4() }",
    'when { resource.hosts.contains(ip("::1")) }',
    'when { principal.color == Color::"red" }',
    'when { principal == resource.owner && principal == User::"one" }',
    "when { resource.owner is User in principal.team }",
    r'when { principal.name == "a\n\u{1F600}\"\\ \0 \u{e9}" }',
    r'when { principal.name == "\\u{41}" && principal == User::"o\"dd\n\u{1F600}" }',
    r'when { principal.hasTag("\n\"") && principal.getTag("\n\"").contains("\\u{41}") }',
    "when { context.hour == -9223372036854775808 }",
    "when { context has via && context.via has manager && context.via.manager == principal }",
]

# Conditions that no request meets, each for a reason of its own.
IMPOSSIBLE = [
    "when { principal.active && !principal.active }",
    "when { principal.level > 3 } when { principal.level < 4 }",
    "when { principal.level == 3 } unless { principal.level == 3 }",
    "when { principal.level + 1 <= principal.level }",
    "when { -principal.level == -9223372036854775807 - 1 }",
    "when { principal.level * 2 == 7 }",
    'when { principal in principal.team && principal.team in Org::"o"'
    ' && !(principal in Org::"o") }',
    'when { principal.team in Team::"t" && Team::"t" in principal.team'
    ' && principal.team != Team::"t" }',
    'when { principal.roles.contains("dev") && principal.roles.isEmpty() }',
    "when { resource.labels.containsAll(principal.roles) && !principal.roles.isEmpty()"
    " && !resource.labels.containsAny(principal.roles) }",
    "when { resource.labels == principal.roles && resource.labels.containsAny(principal.roles)"
    " && principal.roles.isEmpty() }",
    'when { resource.labels == principal.roles && resource.labels.contains("a")'
    ' && !principal.roles.contains("a") }',
    'when { ["a", "b"].containsAll(principal.roles) && principal.roles.contains("c") }',
    "when { [1, 2].contains(principal.level) && principal.level > 2 }",
    'when { principal.name like "a*" && principal.name like "b*" }',
    'when { principal.name like "x\\*y" && principal.name != "x*y" }',
    "when { principal has manager && principal == principal.manager"
    " && principal.level != principal.manager.level }",
    "when { resource.shape == {w: 1, h: 2} && resource.shape.w == 2 }",
    "when { resource.cells.contains({w: 1, h: 2}) && resource.shape == {w: 1, h: 2}"
    " && !resource.cells.contains(resource.shape) }",
    'when { principal.hasTag("a") && !principal.hasTag(if principal.active then "a" else "a") }',
    "when { if principal.active then !principal.active else principal.name != principal.name }",
    'when { principal.born < datetime("2000-01-01") && principal.born > datetime("2000-01-01") }',
    'when { resource.made.toTime() >= duration("1d") }',
    "when { resource.made.toDate() > resource.made }",
    "when { principal has leave && principal.leave.toMilliseconds() == -1500"
    " && principal.leave.toSeconds() == -2 }",
    "when { principal.address == resource.owner.address && principal.address has zip"
    " && !(resource.owner.address has zip) }",
    'when { principal.score.lessThan(decimal("1.0")) && principal.score == decimal("1.5") }',
    'when { principal.host.isInRange(ip("10.0.0.0/8"))'
    ' && principal.host.isInRange(ip("11.0.0.0/8")) }',
    'when { principal.host.isInRange(ip("10.0.0.0/8"))'
    ' && !principal.host.isInRange(ip("0.0.0.0/0")) }',
    "when { principal.host.isIpv6() && principal.host.isIpv4() }",
    'when { principal.color != Color::"red" && principal.color != Color::"green"'
    ' && principal.color != Color::"blue" }',
    "when { resource.owner in resource.readers && resource.readers.isEmpty() }",
]


@pytest.mark.parametrize("conditions", POSSIBLE)
def test_what_some_request_meets_is_shown_on_one_that_cedar_confirms(
    analyzer, policy, reading, conditions
):
    finding = analyzer.never_matches(policy(conditions), reading)
    assert (finding.verdict, finding.reason) == (Verdict.REFUTED, "")
    assert finding.witness is not None


@pytest.mark.parametrize("conditions", IMPOSSIBLE)
def test_what_no_request_meets_is_proven_by_either_solver(rich, policy, reading, conditions):
    asked = policy(conditions)
    verdicts = {
        solver: Analyzer(rich, solvers=(solver,)).never_matches(asked, reading).verdict
        for solver in Solver
    }
    assert verdicts == {Solver.CVC5: Verdict.PROVEN, Solver.Z3: Verdict.PROVEN}


FAILING = [
    "when { principal.level + 1 > 0 }",
    "when { principal.level - resource.level == 0 }",
    "when { principal.level * principal.level == 4 }",
    "when { -principal.level == 1 }",
    'when { principal.born.offset(duration("1ms")) == principal.born }',
    "when { resource.made.durationSince(principal.born).toDays() == 3 }",
    "when { resource.made.toDate() == resource.made }",
    "when { principal.active || principal.level + 1 > 0 }",
]
SOUND = [
    "when { principal.level > 0 && principal.level < 9 && principal.level + 1 > 0 }",
    "when { !principal.active || principal.active }",
    "when { principal has manager && principal.manager.level > 1 }",
    'when { principal.hasTag("a") && principal.getTag("a").isEmpty() }',
    "when { principal.level < 0 } unless { principal.level + 1 > 0 }",
]


@pytest.mark.parametrize("conditions", FAILING)
def test_a_policy_that_can_fail_is_shown_to_fail_in_cedar(analyzer, policy, reading, conditions):
    finding = analyzer.never_errors(policy(conditions), reading)
    assert (finding.verdict, finding.witness is not None) == (Verdict.REFUTED, True)


@pytest.mark.parametrize("conditions", SOUND)
def test_a_policy_that_cannot_fail_is_proven_so(analyzer, policy, reading, conditions):
    finding = analyzer.never_errors(policy(conditions), reading)
    assert (finding.verdict, finding.witness) == (Verdict.PROVEN, None)


def test_a_policy_that_fails_does_not_apply(analyzer, policy, reading):
    """An overflow makes the condition fail, so nothing above the largest number matches."""
    most = 2**63 - 1
    asked = policy(f"when {{ principal.level == {most} && principal.level + 1 > {most - 1} }}")
    assert analyzer.never_matches(asked, reading).verdict is Verdict.PROVEN


def test_records_are_equal_only_where_both_lack_what_one_has_not(rich):
    world = World(rich)
    there = world.unknown(RecordType((("a", Plain("Long"), False),)), "context")
    lacking = world.equal(there, Record({}))
    assert lacking is world.terms.not_(there.fields["a"][0])
    assert world.equal(Record({}), there) is lacking
