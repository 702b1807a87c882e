"""A bad policy is undone in one step by one administrator, for a time, and loudly."""

from datetime import timedelta
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from apps.policies.models import Policy, PolicyVersion, Rollback
from apps.policies.operations import (
    confirm_rollback,
    edit_policy,
    end_rollback,
    retire_policy,
    roll_back_policy,
)
from apps.policies.queries import get_head, load_bundle
from apps.proposals.operations import approve_proposal, propose_policy
from tests.api.rest import caller, done, refused
from tests.factories.policy import PERMIT, make_active

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-H4")]
BAD = 'permit (principal, action == Action::"read_file", resource);\n'
WHY = "It lets everybody read everything."


def make_bad(company: Any) -> Policy:
    """Put a policy in force, then a second, bad version of it."""
    policy = make_active(company, severity="info")
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=BAD, severity="block")
    renew(company, policy)
    return policy


def renew(company: Any, policy: Policy) -> None:
    with company.acting("architect"):
        proposal = propose_policy(policy_id=policy.id, justification="We need it.")
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)


def enforced(company: Any) -> list[str]:
    with company.acting("architect"):
        return [one["cedar"] for one in load_bundle(get_head().number).policies]


def in_force(company: Any, policy: Policy) -> PolicyVersion:
    with company.acting("architect"):
        number = Policy.objects.get(id=policy.id).active_version
        return PolicyVersion.objects.get(policy_id=policy.id, number=number)


def roll_back(company: Any, policy: Policy, *, by: str = "admin", **changes: Any) -> Rollback:
    with company.acting(by):
        values = {"policy_id": policy.id, "number": 1, "reason": WHY, **changes}
        return roll_back_policy(**values)


def test_one_administrator_puts_an_earlier_version_in_force_at_once(company: Any) -> None:
    policy = make_bad(company)
    with company.acting("admin"):
        head = get_head().number
    rollback = roll_back(company, policy, hours=5)
    version = in_force(company, policy)
    assert (version.number, version.cedar, version.severity) == (3, PERMIT, "info")
    assert (rollback.restored, rollback.replaced, rollback.number) == (1, 2, 3)
    assert rollback.ends_at - rollback.started_at == timedelta(hours=5)
    assert enforced(company) == [PERMIT]
    with company.acting("admin"):
        assert get_head().number == head + 1
        event = Event.objects.get(type="policy.rolled_back")
        assert event.actor_name == company.users["admin"].name
        assert event.reason == WHY


def test_somebody_else_confirms_and_then_it_stays(company: Any) -> None:
    policy = make_bad(company)
    rollback = roll_back(company, policy)
    with company.acting("architect"):
        confirmed = confirm_rollback(rollback_id=rollback.id)
    assert (confirmed.state, confirmed.closed_by) == ("confirmed", company.users["architect"])
    with pytest.raises(Conflict, match="already confirmed"), company.acting("admin"):
        end_rollback(rollback_id=rollback.id)
    assert enforced(company) == [PERMIT]


def test_nobody_confirms_their_own(company: Any) -> None:
    policy = make_bad(company)
    rollback = roll_back(company, policy)
    with pytest.raises(Forbidden), company.acting("admin"):
        confirm_rollback(rollback_id=rollback.id)
    with company.acting("admin"):
        assert Rollback.objects.get().state == "open"


def test_an_administrator_ends_it_early_and_what_it_replaced_is_back(company: Any) -> None:
    policy = make_bad(company)
    rollback = roll_back(company, policy)
    with company.acting("admin"):
        end_rollback(rollback_id=rollback.id, reason="It was right after all.")
    version = in_force(company, policy)
    assert (version.number, version.cedar, version.severity) == (4, BAD, "block")
    assert enforced(company) == [BAD]


def test_an_approval_the_ordinary_way_supersedes_it(company: Any) -> None:
    policy = make_bad(company)
    rollback = roll_back(company, policy)
    renew(company, policy)
    with company.acting("admin"):
        assert Rollback.objects.get().state == "superseded"
    with pytest.raises(Conflict, match="already superseded"), company.acting("admin"):
        end_rollback(rollback_id=rollback.id)
    assert enforced(company) == [BAD]


def test_a_retired_policy_comes_back_and_goes_again(company: Any) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        retire_policy(policy_id=policy.id, reason="Not needed.")
    rollback = roll_back(company, policy)
    assert rollback.replaced is None
    assert enforced(company) == [PERMIT]
    with company.acting("admin"):
        end_rollback(rollback_id=rollback.id)
        assert Policy.objects.get(id=policy.id).state == "retired"
    assert enforced(company) == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"number": 2}, Conflict, "Version 2 is in force"),
        ({"number": 9}, NotFound, "no such version"),
        ({"reason": " "}, Invalid, "reason"),
        ({"hours": 0}, Invalid, "hours"),
        ({"hours": 73}, Invalid, "hours"),
        ({"expected_version": 1}, Stale, ""),
    ],
)
def test_what_makes_no_sense_is_named_and_changes_nothing(
    company: Any, changes: Any, error: Any, words: str
) -> None:
    policy = make_bad(company)
    with pytest.raises(error) as refusal:
        roll_back(company, policy, **changes)
    assert words in f"{refusal.value.detail} {refusal.value.fields}"
    assert in_force(company, policy).number == 2
    assert enforced(company) == [BAD]
    with company.acting("admin"):
        assert Rollback.objects.count() == 0


def test_a_second_one_waits_for_the_first(company: Any) -> None:
    policy = make_bad(company)
    roll_back(company, policy)
    with pytest.raises(Conflict, match="rolled back already"):
        roll_back(company, policy, number=2)
    assert enforced(company) == [PERMIT]


@pytest.mark.parametrize("role", ["architect", "tech_lead", "developer", "viewer", "outsider"])
def test_only_administrators_may(company: Any, role: str) -> None:
    policy = make_bad(company)
    with pytest.raises(Forbidden):
        roll_back(company, policy, by=role)
    assert enforced(company) == [BAD]


def test_rest_tells_and_does_all_of_it(company: Any, other_company: Any) -> None:
    policy = make_bad(company)
    admin, architect = caller(company, "admin"), caller(company, "architect")
    place = f"policies/{policy.id}/versions/1/rollback"
    refused(caller(other_company, "tenant_admin").post(place, {"reason": WHY}), 404)
    refused(admin.post(place, {}), 422, "reason")
    made = done(admin.post(place, {"reason": WHY, "hours": 2}))
    assert (made["state"], made["restored"], made["replaced"]) == ("open", 1, 2)
    (listed,) = done(architect.get(f"policies/{policy.id}/rollbacks"))["results"]
    assert listed == made
    refused(architect.post(f"rollbacks/{made['id']}/end", {}), 403)
    assert done(architect.post(f"rollbacks/{made['id']}/confirm"))["state"] == "confirmed"
    refused(admin.post(f"rollbacks/{made['id']}/end", {}), 409)
    refused(caller(other_company, "admin").post(f"rollbacks/{made['id']}/confirm"), 404)
