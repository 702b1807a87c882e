"""Policies go from one scope, or one company, to another through review and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden
from apps.policies.bundles import CarriedTest, write_bundle
from apps.policies.models import Policy, PolicyTest
from apps.policies.operations import (
    add_test,
    edit_policy,
    retire_policy,
)
from apps.policies.queries import get_head
from apps.proposals.imports import Plan
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    approve_proposal,
    reject_proposal,
)
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy, make_proposal
from tests.policies.test_bundles import QUESTION, RULES, carried
from tests.policies.test_rollbacks import enforced
from tests.proposals.bundles import export, look, state, take

pytestmark = pytest.mark.django_db


def steps(plan: Plan) -> dict[str, str]:
    return {row.carried.title: row.step.value for row in plan.rows}


def approve_all(company: Any) -> None:
    with company.acting("second_architect"):
        for proposal in Proposal.objects.filter(state="pending").order_by("number"):
            approve_proposal(proposal_id=proposal.id)


def furnished(company: Any) -> None:
    """Give a company policies of all sorts, at its top and below."""
    place = company.scopes
    active = make_active(company, name="baseline", description="For all.", severity="block")
    ruled = {"name": "rules", "cedar": "", "rules": RULES, "mode": "mandatory"}
    make_active(company, scope_id=place["platform"].id, **ruled)
    make_active(company, scope_id=place["api"].id, name="baseline", merge_strategy="merge")
    make_policy(company, name="only a draft", cedar=FORBID)
    gone = make_active(company, name="gone")
    with company.acting("architect"):
        retire_policy(policy_id=gone.id, reason="Done.")
        question = {**QUESTION, "principal": f"viewer@{company.slug}.example"}
        question["resource_id"] = company.slug
        add_test(policy_id=active.id, name="deploys", question=question, expected="deny")
        # What was not approved is nobody else's business.
        edit_policy(policy_id=active.id, cedar=FORBID)


def test_the_round_trip_loses_nothing(company: Any, other_company: Any) -> None:
    furnished(company)
    bundle = export(company, include_below=True)
    assert [one.title for one in bundle.policies] == [
        "baseline", "only a draft", "platform/rules", "platform/api/baseline",
    ]  # fmt: skip
    assert bundle.policies[0].cedar == PERMIT

    plan = take(other_company, bundle, with_tests=False)

    assert set(steps(plan).values()) == {"new"}
    assert [row.is_proposed for row in plan.rows] == [True, False, True, True]
    with other_company.acting("admin"):
        assert get_head().number == 0
    approve_all(other_company)
    again = export(other_company, include_below=True)
    untested = [replace(one, tests=()) for one in bundle.policies]
    assert again.content == write_bundle(untested).content


def test_the_same_policies_are_the_same_file(company: Any) -> None:
    furnished(company)
    assert export(company).content == export(company, by="tenant_admin").content
    assert [one.title for one in export(company, "api").policies] == ["baseline"]


def test_an_import_writes_drafts_and_proposes_each_and_puts_nothing_in_force(
    company: Any, other_company: Any
) -> None:
    furnished(company)
    bundle = export(company, "platform")
    plan = take(other_company, bundle, "web")
    (row,) = plan.rows
    with other_company.acting("admin"):
        policy = Policy.objects.get()
        proposal = Proposal.objects.get()
        event = Event.objects.filter(type="policy.imported").get()
    assert (policy.name, policy.state, policy.rules) == ("rules", "draft", RULES)
    assert policy.scope_id == other_company.scopes["web"].id
    assert policy.mode == "mandatory"
    assert (proposal.policy_id, proposal.state) == (policy.id, "pending")
    assert proposal.justification == "As in the other company."
    assert proposal.author_id == other_company.users["admin"].id
    assert row.proposal == proposal
    assert (event.payload["digest"], event.payload["proposals"]) == (bundle.digest, [1])
    with other_company.acting("admin"), pytest.raises(Forbidden):
        approve_proposal(proposal_id=proposal.id)


def test_importing_twice_proposes_nothing_new(company: Any, other_company: Any) -> None:
    furnished(company)
    bundle = export(company)
    take(other_company, bundle, with_tests=False)
    waiting = take(other_company, bundle, with_tests=False)
    assert steps(waiting) == {"baseline": "waiting", "only a draft": "equal"}
    assert waiting.rows[0].proposal.number == 1
    approve_all(other_company)
    equal = take(other_company, bundle, with_tests=False)
    assert set(steps(equal).values()) == {"equal"}
    with other_company.acting("admin"):
        assert Proposal.objects.count() == 1
        assert Policy.objects.count() == 2


def test_what_a_scope_exported_is_equal_there(company: Any) -> None:
    furnished(company)
    before = state(company)
    plan = look(company, export(company, include_below=True))
    assert set(steps(plan).values()) == {"equal"}
    assert state(company)[:3] == before[:3]


def test_a_policy_that_says_something_else_is_changed_by_a_proposal(company: Any) -> None:
    policy = make_active(company)
    bundle = write_bundle([carried(cedar=FORBID, severity="block", description="Stricter.")])
    plan = take(company, bundle)
    (row,) = plan.rows
    assert (row.step, row.edits) == ("changed", ("cedar", "severity", "description"))
    assert row.notes == ()
    assert enforced(company) == [PERMIT]
    approve_all(company)
    assert enforced(company) == [FORBID]
    with company.acting("admin"):
        now = Policy.objects.get(id=policy.id)
    assert (now.active_version, now.severity, now.description) == (2, "block", "Stricter.")


def test_other_work_on_the_working_copy_is_told_before_it_is_replaced(company: Any) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, mode="mandatory")
    bundle = write_bundle([carried(cedar=FORBID)])
    (row,) = look(company, bundle).rows
    assert row.notes == ("Its working copy says something that is not in force; that is replaced.",)
    assert row.edits == ("cedar", "mode", "description")


def test_what_waits_for_a_decision_is_not_overtaken(company: Any) -> None:
    make_proposal(company)
    bundle = write_bundle([carried(cedar=FORBID)])
    before = state(company)
    with pytest.raises(Conflict) as error:
        take(company, bundle)
    assert error.value.fields == {
        "bundle": ["baseline: #1 baseline waits for a decision on it and says something else."]
    }
    assert state(company) == before


def test_what_was_rejected_is_proposed_again_by_another_import(company: Any) -> None:
    bundle = write_bundle([carried()])
    (row,) = take(company, bundle).rows
    with company.acting("second_architect"):
        reject_proposal(proposal_id=row.proposal.id, reason="Not yet.")
    (again,) = take(company, bundle).rows
    assert (again.step, again.edits, again.is_proposed) == ("changed", (), True)
    assert again.proposal.number == 2


def test_a_proposal_of_the_same_by_somebody_else_is_enough(company: Any) -> None:
    make_proposal(company, description="What holds everywhere.")
    (row,) = take(company, write_bundle([carried()])).rows
    assert (row.step, row.is_proposed, row.proposal.number) == ("waiting", False, 1)
    with company.acting("admin"):
        assert Proposal.objects.count() == 1


def test_a_draft_of_the_bundle_only_changes_the_working_copy(company: Any) -> None:
    make_active(company, description="What holds everywhere.")
    bundle = write_bundle([carried(cedar=FORBID, is_in_force=False)])
    (row,) = take(company, bundle).rows
    assert (row.step, row.is_proposed) == ("changed", False)
    assert row.notes == ("Only the working copy changes; what is in force stays.",)
    assert enforced(company) == [PERMIT]
    with company.acting("admin"):
        assert Policy.objects.get().cedar == FORBID
        assert not Proposal.objects.filter(state="pending").exists()


def test_what_is_out_of_force_comes_back_by_a_proposal(company: Any) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        retire_policy(policy_id=policy.id, reason="Done.")
    (row,) = take(company, write_bundle([carried()])).rows
    assert row.notes[-1] == "It is out of force here; the proposal asks for it to come back."
    assert enforced(company) == []
    approve_all(company)
    assert enforced(company) == [PERMIT]


def test_tests_go_along_and_others_stay(company: Any) -> None:
    policy = make_active(company, description="What holds everywhere.")
    with company.acting("architect"):
        add_test(policy_id=policy.id, name="own", question=QUESTION, expected="deny")
    test = CarriedTest(name="theirs", question=QUESTION, expected="deny")
    (row,) = take(company, write_bundle([carried(tests=(test,))])).rows
    assert (row.step, row.edits, row.tests, row.is_proposed) == ("changed", (), (test,), False)
    with company.acting("admin"):
        assert set(PolicyTest.objects.values_list("name", flat=True)) == {"own", "theirs"}
    assert set(steps(take(company, write_bundle([carried(tests=(test,))]))).values()) == {"equal"}
