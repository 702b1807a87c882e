"""Going back to an earlier version of a policy is a proposal that one approval is enough for."""

from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.orgs.types import Severity
from apps.policies.models import Policy, PolicyVersion
from apps.policies.operations import edit_policy
from apps.policies.operations.policy_tests import add_test
from apps.proposals.governance import governance_of
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    approve_proposal,
    propose_change,
    propose_policy,
    revise_proposal,
)
from tests.api.rest import caller, done, refused
from tests.factories.policy import FORBID, PERMIT
from tests.policies.pages import text_of
from tests.policies.test_rollbacks import BAD, enforced, in_force, make_bad, renew
from tests.proposals.rules import set_rule
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-H4")]


def go_back(company: Any, policy: Policy, *, by: str = "developer", **changes: Any) -> Proposal:
    values = {"kind": "rollback_policy", "number": 1, "justification": "It did harm."}
    with company.acting(by):
        return propose_policy(policy_id=policy.id, **{**values, **changes})


def approve(company: Any, proposal: Proposal, *, by: str = "architect") -> Proposal:
    with company.acting(by):
        return approve_proposal(proposal_id=proposal.id)


def test_one_approval_brings_the_version_back_as_it_was_and_the_working_copy_stays(
    company: Any,
) -> None:
    policy = make_bad(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID, mode="mandatory")
    set_rule(company, required_approvals=3)
    proposal = go_back(company, policy)
    assert proposal.title == "baseline: back to version 1"
    assert (proposal.cedar, proposal.severity, proposal.base_version) == (PERMIT, "block", 2)
    assert enforced(company) == [BAD]

    assert approve(company, proposal).state == "approved"

    version = in_force(company, policy)
    assert (version.number, version.cedar) == (3, PERMIT)
    assert (version.severity, version.mode) == ("info", "optional")
    assert enforced(company) == [PERMIT]
    with company.acting("architect"):
        kept = Policy.objects.get(id=policy.id)
        assert (kept.cedar, kept.severity, kept.mode) == (FORBID, "block", "mandatory")
        assert Event.objects.filter(type="policy.activated").last().after["restored"] == 1


def test_nobody_approves_their_own_even_where_the_rule_applies_at_once(company: Any) -> None:
    policy = make_bad(company)
    set_rule(company, auto_approve_role="architect")
    proposal = go_back(company, policy, by="architect")
    assert proposal.state == "pending"
    with pytest.raises(Forbidden):
        approve(company, proposal)
    assert enforced(company) == [BAD]


def test_the_role_is_that_of_the_rule_for_what_comes_into_force(company: Any) -> None:
    policy = make_bad(company)
    set_rule(company, approver_role="admin")
    proposal = go_back(company, policy)
    with pytest.raises(Conflict, match="an approval by Admin or higher"):
        approve(company, proposal)
    assert enforced(company) == [BAD]
    assert approve(company, proposal, by="admin").state == "approved"


def test_another_version_coming_into_force_meanwhile_asks_for_a_revision(company: Any) -> None:
    policy = make_bad(company)
    proposal = go_back(company, policy)
    with company.acting("admin"):
        Policy.objects.filter(id=policy.id).update(active_version=None, state="retired")
    with pytest.raises(Conflict, match="Another version came into force meanwhile"):
        approve(company, proposal)
    with company.acting("developer"):
        revised = revise_proposal(proposal_id=proposal.id)
    assert (revised.payload, revised.base_version) == ({"number": 1}, None)
    assert approve(company, proposal).state == "approved"
    assert enforced(company) == [PERMIT]


def test_its_tests_run_against_the_version_and_stop_it(company: Any) -> None:
    policy = make_bad(company)
    question = {
        "principal": company.users["developer"].email,
        "action": "read_file",
        "resource_type": "File",
        "resource_id": "src/app.py",
        "place": company.slug,
    }
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
    renew(company, policy)
    with company.acting("architect"):
        add_test(policy_id=policy.id, name="nobody reads", question=question, expected="deny")
    proposal = go_back(company, policy)
    with pytest.raises(Conflict, match="nobody reads: expected denied, is allowed"):
        approve(company, proposal)
    assert enforced(company) == [FORBID]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"number": 2}, Conflict, "Version 2 is in force"),
        ({"number": 9}, NotFound, "no such version"),
        ({"number": None}, Invalid, "names that version"),
        ({"kind": "activate_policy"}, Invalid, "names that version"),
        ({"kind": "retire_policy"}, Invalid, "names that version"),
    ],
)
def test_what_makes_no_sense_is_named_and_nothing_is_proposed(
    company: Any, changes: Any, error: Any, words: str
) -> None:
    policy = make_bad(company)
    with pytest.raises(error) as refusal:
        go_back(company, policy, **changes)
    assert words in f"{refusal.value.detail} {refusal.value.fields}"
    with company.acting("viewer"):
        assert not Proposal.objects.filter(state="pending").exists()


def test_viewers_may_not_ask_for_it(company: Any) -> None:
    policy = make_bad(company)
    with pytest.raises(Forbidden):
        go_back(company, policy, by="viewer")
    with company.acting("viewer"):
        assert not Proposal.objects.filter(state="pending").exists()


def test_governance_tells_that_one_approval_is_enough_and_takes_no_rule_for_it(
    company: Any,
) -> None:
    set_rule(company, required_approvals=2)
    with company.acting("viewer"):
        found = {
            one.kind.name: one.terms.required_approvals
            for one in governance_of(company.scopes["company"])
            if one.severity == Severity.BLOCK
        }
    assert (found["activate_policy"], found["rollback_policy"]) == (2, 1)
    value = {"setting": "rule", "value": {"kind": "rollback_policy", "terms": {}}}
    with pytest.raises(Invalid) as refusal, company.acting("admin"):
        propose_change(
            scope_id=company.tenant_id,
            kind="governance_setting",
            payload=value,
            justification="Two must agree.",
        )
    assert list(refusal.value.fields) == ["kind"]
    with company.acting("viewer"):
        assert not Proposal.objects.exists()


def test_rest_proposes_it_and_tells_the_version(company: Any, other_company: Any) -> None:
    policy = make_bad(company)
    place = f"policies/{policy.id}/propose"
    body = {"kind": "rollback_policy", "number": 1, "justification": "It did harm."}
    refused(caller(other_company, "tenant_admin").post(place, body), 404)
    developer = caller(company, "developer")
    refused(developer.post(place, {**body, "number": None}), 422, "number")
    made = done(developer.post(place, body), 201)
    assert (made["kind"], made["payload"], made["cedar"]) == (
        "rollback_policy",
        {"number": 1},
        PERMIT,
    )


def test_one_click_on_the_page_of_a_version_proposes_it(company: Any) -> None:
    policy = make_bad(company)
    client = browser(company, "developer")
    page = f"/policies/{policy.id}/versions/1/"
    place = f"/proposals/about/{policy.id}/back/1/"
    assert f'action="{place}"' in text_of(client.get(page))
    assert "/back/2/" not in text_of(client.get(f"/policies/{policy.id}/versions/2/"))
    assert f'action="{place}"' not in text_of(browser(company, "viewer").get(page))

    made = client.post(place)

    shown = text_of(client.get(made["Location"]))
    assert "Go back to an earlier version" in shown
    assert "0 of 1 approval" in shown
    again = client.post(place, follow=True)
    assert "is pending already" in text_of(again)
    with company.acting("architect"):
        assert Proposal.objects.filter(state="pending").count() == 1
        assert PolicyVersion.objects.filter(policy_id=policy.id).count() == 2
