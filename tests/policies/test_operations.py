"""Writing, activating and retiring a policy: what holds, who may, and what a fault leaves."""

from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from apps.kernel.ids import uuid7
from apps.orgs.operations import archive_scope
from apps.policies.digest import sha256
from apps.policies.models import Policy, PolicyVersion, Revision
from apps.policies.operations import (
    activate_policy,
    draft_policy,
    edit_policy,
    restore_version,
    retire_policy,
)
from tests.factories.company import TestCompany
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy


def state_of(company: TestCompany) -> dict[str, Any]:
    """Return all that an operation on policies could change."""
    with company.acting("tenant_admin"):
        return {
            "policies": list(Policy.objects.order_by("id").values()),
            "versions": list(PolicyVersion.objects.order_by("id").values()),
            "revisions": Revision.objects.count(),
        }


def events_of(company: TestCompany) -> list[str]:
    with company.acting("tenant_admin"):
        rows = Event.objects.filter(resource_type="Policy").order_by("id")
        return list(rows.values_list("type", flat=True))


def test_a_draft_is_not_in_force(company: TestCompany) -> None:
    policy = make_policy(company, by="tech_lead", cedar=f"  {PERMIT}\n\n")

    assert (policy.state, policy.active_version, policy.version) == ("draft", None, 1)
    assert policy.cedar == PERMIT
    assert state_of(company)["revisions"] == 0
    assert events_of(company) == ["policy.drafted"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x07"}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"severity": "fatal"}, "severity"),
        ({"mode": "maybe"}, "mode"),
        ({"merge_strategy": "mix"}, "merge_strategy"),
        ({"cedar": ""}, "cedar"),
        ({"cedar": "permit (principal, action, resource)"}, "cedar"),
        ({"cedar": "x" * 50_001}, "cedar"),
        ({"cedar": "permit (principal == ?principal, action, resource);"}, "cedar"),
        ({"cedar": f"permit (principal, action, resource) when {{ {'(' * 9000} }};"}, "cedar"),
    ],
)
@pytest.mark.parametrize("operation", ["draft", "edit"])
def test_a_fault_names_its_field_and_changes_nothing(
    company: TestCompany, operation: str, change: dict[str, str], field: str
) -> None:
    policy = make_policy(company)
    before = state_of(company)
    values = {"name": "other", "cedar": PERMIT, **change}

    target = {
        "draft": (draft_policy, {"scope_id": company.scopes["company"].id}),
        "edit": (edit_policy, {"policy_id": policy.id}),
    }
    call, place = target[operation]
    with company.acting("architect"), pytest.raises(Invalid) as caught:
        call(**place, **values)

    assert list(caught.value.fields) == [field]
    assert state_of(company) == before


def test_a_name_is_taken_once_per_scope(company: TestCompany) -> None:
    make_policy(company)
    elsewhere = make_policy(company, scope_id=company.scopes["api"].id)
    before = state_of(company)

    with pytest.raises(Conflict) as drafted:
        make_policy(company)
    other = make_policy(company, name="other")
    with company.acting("architect"), pytest.raises(Conflict) as edited:
        edit_policy(policy_id=other.id, name="baseline")

    assert elsewhere.name == "baseline"
    assert list(drafted.value.fields) == list(edited.value.fields) == ["name"]
    assert state_of(company)["policies"][:2] == before["policies"]


def test_nothing_is_drafted_at_an_archived_scope(company: TestCompany) -> None:
    with company.acting("tenant_admin"):
        archive_scope(scope_id=company.scopes["shop"].id)

    with pytest.raises(Conflict):
        make_policy(company, scope_id=company.scopes["shop"].id)

    assert state_of(company)["policies"] == []


def test_an_edit_touches_only_what_it_names_and_says_so(company: TestCompany) -> None:
    policy = make_policy(company)

    with company.acting("architect"):
        edited = edit_policy(policy_id=policy.id, severity="block", expected_version=1)
        event = Event.objects.get(type="policy.edited")

    assert (edited.version, edited.severity, edited.cedar) == (2, "block", PERMIT)
    assert (event.before, event.after) == ({"severity": "warn"}, {"severity": "block"})


def test_a_stale_edit_changes_nothing(company: TestCompany) -> None:
    policy = make_policy(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
    before = state_of(company)

    with company.acting("architect"), pytest.raises(Stale):
        edit_policy(policy_id=policy.id, cedar=PERMIT, expected_version=1)

    assert state_of(company) == before


def test_an_author_edits_their_own_draft_but_not_what_is_in_force(company: TestCompany) -> None:
    policy = make_policy(company, by="tech_lead")

    with company.acting("tech_lead"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
    with company.acting("second_architect"):
        activate_policy(policy_id=policy.id, cedar=FORBID, reason="Agreed.")
    before = state_of(company)

    with company.acting("tech_lead"), pytest.raises(Forbidden):
        edit_policy(policy_id=policy.id, cedar=PERMIT)

    assert state_of(company) == before


def test_each_activation_is_a_version_that_stays(company: TestCompany) -> None:
    policy = make_active(company)

    with company.acting("architect"):
        activate_policy(policy_id=policy.id, cedar=FORBID, reason="Again.")
        edit_policy(policy_id=policy.id, severity="block")
        rows = PolicyVersion.objects.order_by("number")
        versions = [(v.number, v.cedar, v.digest, v.severity) for v in rows]

    assert versions == [
        (1, PERMIT, sha256(PERMIT), "warn"),
        (2, FORBID, sha256(FORBID), "warn"),
    ]
    assert state_of(company)["policies"][0]["active_version"] == 2


def test_a_retired_policy_keeps_its_versions_and_may_return(company: TestCompany) -> None:
    policy = make_active(company)

    with company.acting("architect"):
        retired = retire_policy(policy_id=policy.id, reason="Replaced.")
        facts = (retired.state, retired.active_version)
        version = activate_policy(policy_id=policy.id, cedar=PERMIT, reason="Back.")

    assert facts == ("retired", None)
    assert version.number == 2
    assert [row["number"] for row in state_of(company)["versions"]] == [1, 2]


def test_an_earlier_version_comes_back_as_a_new_one(company: TestCompany) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID, severity="block", mode="mandatory")
        activate_policy(policy_id=policy.id, cedar=FORBID, reason="Stricter.")
        restored = restore_version(policy_id=policy.id, number=1)
        told = (restored.cedar, restored.severity, restored.mode, restored.active_version)
        event = Event.objects.get(type="policy.restored")
        activate_policy(policy_id=policy.id, cedar=restored.cedar, reason="Back.")
        rows = PolicyVersion.objects.order_by("number")
        versions = [(v.number, v.cedar, v.severity, v.mode) for v in rows]

    assert told == (PERMIT, "warn", "optional", 2)
    assert event.after["restored"] == 1
    assert (event.before["cedar"], event.after["cedar"]) == (FORBID, PERMIT)
    assert versions == [
        (1, PERMIT, "warn", "optional"),
        (2, FORBID, "block", "mandatory"),
        (3, PERMIT, "warn", "optional"),
    ]


def test_a_version_that_never_was_cannot_be_restored(company: TestCompany) -> None:
    policy = make_active(company)
    before = state_of(company)

    with company.acting("architect"), pytest.raises(NotFound, match="no such version"):
        restore_version(policy_id=policy.id, number=2)
    with company.acting("architect"), pytest.raises(Stale):
        restore_version(policy_id=policy.id, number=1, expected_version=99)

    assert state_of(company) == before


def test_a_draft_cannot_be_retired(company: TestCompany) -> None:
    policy = make_policy(company)
    before = state_of(company)

    with company.acting("architect"), pytest.raises(Conflict, match="draft cannot become retired"):
        retire_policy(policy_id=policy.id, reason="No.")

    assert state_of(company) == before


CALLS = {
    "policy.edit": lambda id: edit_policy(policy_id=id, name="mine"),
    "policy.restore": lambda id: restore_version(policy_id=id, number=1),
    "policy.activate": lambda id: activate_policy(policy_id=id, cedar=FORBID, reason="Mine."),
    "policy.retire": lambda id: retire_policy(policy_id=id, reason="Mine."),
}


@pytest.mark.parametrize("action", CALLS)
def test_a_developer_changes_no_policy(company: TestCompany, action: str) -> None:
    policy = make_active(company)
    before = state_of(company)

    with pytest.raises(Forbidden) as caught, company.acting("developer"):
        CALLS[action](policy.id)

    assert caught.value.decision.action == action
    assert state_of(company) == before
    assert events_of(company)[-1] == f"{action}.denied"


@pytest.mark.parametrize("action", CALLS)
def test_another_companys_policy_is_as_unknown_as_none(
    company: TestCompany, other_company: TestCompany, action: str
) -> None:
    policy = make_active(company)
    before = state_of(company)
    told = []

    for policy_id in (policy.id, uuid7()):
        with other_company.acting("tenant_admin"), pytest.raises(NotFound) as caught:
            CALLS[action](policy_id)
        told.append(str(caught.value))

    assert told == ["There is no such policy."] * 2
    assert state_of(company) == before
