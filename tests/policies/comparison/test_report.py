"""The report on a change: conflicts, what it allows and denies, what is pointless or unknown."""

import time

import pytest

from apps.policies.analysis.settle import verdicts
from apps.policies.comparison import (
    Body,
    Change,
    Level,
    Matter,
    Mode,
    compare_change,
    may_clash,
    set_digest,
    unproven,
)
from apps.policies.standing import analysis_schema

pytestmark = pytest.mark.gap("UX-C2")
READ = 'permit (principal, action == Action::"read_file", resource);'
NO_ENV = (
    'forbid (principal is Agent, action == Action::"read_file", resource)'
    ' when { resource has path && resource.path like "*.env" };'
)
NO_READ = 'forbid (principal, action == Action::"read_file", resource);'
DEPLOY = 'permit (principal is User, action == Action::"deploy", resource);'


@pytest.fixture
def schema():
    verdicts.clear()
    return analysis_schema()


def _body(name, cedar, *, mode="optional", path=("c",)):
    return Body(id=name, cedar=cedar, mode=Mode(mode), path=path)


def _change(base, name, body):
    """Return the change of one policy, the others staying as they are."""
    others = tuple(one for one in base if one.id != name)
    return Change(id=name, base=tuple(base), after=(*others, body) if body else others)


def _found(report):
    return [
        (one.level, one.matter, one.first.policy, one.second.policy if one.second else None)
        for one in report.findings
    ]


def test_a_forbid_against_a_permit_in_force_is_a_conflict_with_a_witness(schema):
    change = _change((_body("base", READ),), "new", _body("new", NO_ENV))
    report = compare_change(change, schema)
    assert _found(report) == [(Level.CONFLICT, Matter.OVERLAP, "base", "new")]
    witness = report.findings[0].witness
    assert witness["principal"]["type"] == "Agent"
    (file,) = [e for e in witness["entities"] if e["uid"]["type"] == "File"]
    assert file["attrs"]["path"].endswith(".env")
    assert report.relation == "less"
    (shift,) = report.differences
    assert (shift.principal, shift.action, shift.relation) == ("Agent", "read_file", "less")
    assert shift.allowed is None
    assert shift.denied["action"]["id"] == "read_file"


def test_a_guard_rail_limits_and_is_no_conflict(schema):
    change = _change((_body("base", READ),), "new", _body("new", NO_ENV, mode="mandatory"))
    assert _found(compare_change(change, schema)) == [(Level.LIMIT, Matter.OVERLAP, "base", "new")]


def test_a_permit_that_a_guard_rail_leaves_nothing_is_a_conflict_and_changes_nothing(schema):
    base = (_body("rail", NO_READ, mode="mandatory"),)
    report = compare_change(_change(base, "new", _body("new", READ)), schema)
    assert _found(report) == [(Level.CONFLICT, Matter.OVERRIDDEN, "new", "rail")]
    assert (report.relation, report.differences) == ("equivalent", [])


def test_a_permit_that_is_left_something_elsewhere_is_not_overridden(schema):
    base = (_body("rail", NO_READ, mode="mandatory"),)
    both = 'permit (principal, action in [Action::"read_file", Action::"run_tool"], resource);'
    report = compare_change(_change(base, "new", _body("new", both)), schema)
    assert _found(report) == [(Level.LIMIT, Matter.OVERLAP, "new", "rail")]
    assert {shift.action for shift in report.differences} == {"run_tool"}


def test_the_version_in_force_is_replaced_not_met(schema):
    """A policy is no conflict with what it said before."""
    change = _change((_body("one", READ),), "one", _body("one", NO_READ))
    report = compare_change(change, schema)
    assert report.findings == []
    assert report.relation == "less"


def test_a_retirement_meets_nobody_and_tells_what_is_lost(schema):
    change = _change((_body("one", READ), _body("two", NO_ENV)), "one", None)
    report = compare_change(change, schema)
    assert report.findings == []
    assert {(s.principal, s.relation) for s in report.differences} == {
        ("User", "less"),
        ("Agent", "less"),
    }


def test_another_text_that_means_the_same_changes_nothing(schema):
    twice = f"{READ}\n{READ}"
    change = _change((_body("one", READ),), "one", _body("one", twice))
    report = compare_change(change, schema)
    assert report.relation == "equivalent"
    assert _found(report) == [(Level.WARNING, Matter.REDUNDANT, "one", "one")]


def test_what_is_pointless_is_told_and_stops_nobody(schema):
    never = (
        'permit (principal, action == Action::"deploy", resource)'
        " when { context has hour && context.hour < 0 && context.hour > 0 };"
    )
    narrow = DEPLOY.replace("resource", 'resource == Scope::"c"')
    fails = (
        'permit (principal is Agent, action == Action::"deploy", resource)'
        " when { context has hour && context.hour + 1 > 0 };"
    )
    body = _body("new", f"{never}\n{narrow}\n{fails}")
    report = compare_change(_change((_body("base", DEPLOY),), "new", body), schema)
    assert _found(report) == [
        (Level.WARNING, Matter.NEVER_APPLIES, "new", None),
        (Level.WARNING, Matter.SHADOWED, "new", "base"),
        (Level.WARNING, Matter.CAN_FAIL, "new", None),
    ]
    assert report.findings[2].witness["context"]["hour"] == 2**63 - 1


def test_what_no_time_was_left_for_is_unproven_never_safe(schema):
    change = _change((_body("base", READ),), "new", _body("new", NO_ENV))
    report = compare_change(change, schema, seconds=0, started=time.monotonic())
    assert (report.relation, report.findings[0].level) == ("unproven", Level.UNPROVEN)
    assert report.findings[0].reason.startswith("The time for this analysis ran out")
    assert {shift.relation for shift in report.differences} == {"unproven"}


def test_a_text_that_cannot_be_read_is_unproven(schema):
    change = _change((_body("base", "nonsense"),), "new", _body("new", READ))
    report = compare_change(change, schema)
    assert _found(report) == [(Level.UNPROVEN, Matter.UNREAD, "base", None)]
    assert report.relation == "unproven"


def test_a_report_that_could_not_be_made_blocks():
    change = _change((), "new", _body("new", READ))
    report = unproven(change, "Too much.")
    assert (report.relation, report.findings[0].reason) == ("unproven", "Too much.")


def test_only_scopes_that_may_meet_need_a_proof(schema):
    read, rail = _body("new", READ), _body("rail", NO_READ)
    assert may_clash(_change((rail,), "new", read), schema)
    assert not may_clash(_change((rail,), "new", _body("new", DEPLOY)), schema)
    assert not may_clash(_change((read,), "two", _body("two", READ)), schema)
    assert not may_clash(_change((rail, read), "new", None), schema)


def test_a_digest_changes_with_all_that_an_analysis_depends_on():
    body = _body("one", READ)
    others = [
        _body("two", READ),
        _body("one", DEPLOY),
        _body("one", READ, mode="mandatory"),
        _body("one", READ, path=("c", "o")),
    ]
    digests = {set_digest([one], schema="s", engine=1) for one in (body, *others)}
    digests |= {set_digest([body], schema="t", engine=1), set_digest([body], schema="s", engine=2)}
    assert len(digests) == 7
    pair = (body, others[0])
    assert set_digest(pair, schema="s", engine=1) == set_digest(pair[::-1], schema="s", engine=1)
