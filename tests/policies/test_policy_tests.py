"""A policy's tests: kept from a question, run before it comes into force."""

from typing import Any
from urllib.parse import urlencode

import pytest

from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.policies.models import Policy, PolicyTest
from apps.policies.operations import add_test, edit_policy, remove_test
from apps.policies.testing import run_tests
from apps.proposals.operations import approve_proposal, propose_policy
from tests.api.rest import caller, done, refused
from tests.factories.policy import make_active
from tests.policies.pages import text_of
from tests.policies.test_playground import PAGE, READ, STOP, question
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-M2")]
PEM = {"attributes": {"path": "keys/a.pem"}}


def keep(company: Any, policy: Any, *, by: str = "tech_lead", **changes: Any) -> PolicyTest:
    values = {"name": "keys stay readable", "question": question(company, **PEM)}
    with company.acting(by):
        return add_test(policy_id=policy.id, **{**values, "expected": "allow", **changes})


def test_what_a_test_forbids_does_not_come_into_force(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    keep(company, policy)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=READ + STOP)
        proposal = propose_policy(policy_id=policy.id, justification="Keys are secret.")
        policy = Policy.objects.select_related("scope").get(id=policy.id)
        (result,) = run_tests(policy)
    assert result.words == "keys stay readable: expected allowed, is denied"
    words = "keys stay readable: expected allowed, is denied"
    with pytest.raises(Conflict, match=words), company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    with company.acting("architect"):
        assert Policy.objects.get(id=policy.id).active_version == 1
        remove_test(test_id=PolicyTest.objects.get().id)
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    with company.acting("architect"):
        assert Policy.objects.get(id=policy.id).active_version == 2


def test_a_question_that_became_none_fails_and_says_why(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    keep(company, policy)
    with company.acting("tenant_admin"):
        person = company.users["developer"]
        person.email = "else@acme.example"
        person.save(update_fields=["email"])
    with company.acting("architect"):
        (result,) = run_tests(Policy.objects.select_related("scope").get(id=policy.id))
    assert not result.has_passed
    assert result.words.endswith("but there is nobody of that name")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expected": "maybe"}, "expected"),
        ({"name": " "}, "name"),
        ({"question": {}}, "question"),
        ({"question": {"moon": 1}}, "question"),
    ],
)
def test_what_is_no_test_is_named_and_not_kept(company: Any, changes: Any, field: str) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    with pytest.raises(Invalid) as refusal:
        keep(company, policy, **changes)
    assert field in refusal.value.fields
    with company.acting("architect"):
        assert PolicyTest.objects.count() == 0


def test_who_may_draft_keeps_and_who_may_edit_removes(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    with pytest.raises(Forbidden):
        keep(company, policy, by="developer")
    test = keep(company, policy)
    with pytest.raises(Conflict):
        keep(company, policy)
    with pytest.raises(Forbidden), company.acting("tech_lead"):
        remove_test(test_id=test.id)


def test_rest_keeps_lists_and_removes(company: Any, other_company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    lead, place = caller(company, "tech_lead"), f"policies/{policy.id}/tests"
    body = {"name": "keys", "question": question(company, **PEM), "expected": "allow"}
    made = done(lead.post(place, body), 201)
    assert done(lead.get(place))["results"] == [made]
    refused(caller(other_company, "tenant_admin").post(place, body), 404)
    refused(caller(other_company, "tenant_admin").delete(f"policy-tests/{made['id']}"), 404)
    done(caller(company, "architect").delete(f"policy-tests/{made['id']}"), 204)
    assert done(lead.get(place))["results"] == []


def test_a_question_of_the_playground_becomes_a_test(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    client = browser(company, "tech_lead")
    asked = question(company, policy=str(policy.id))
    asked |= {"kind": asked.pop("resource_type"), "resource": asked.pop("resource_id")}
    address = urlencode(asked)
    assert "Keep it as a test of reading" in text_of(client.get(f"{PAGE}?{address}"))
    place = f"/policies/{policy.id}/tests/keep/?{address}"
    wrong = client.post(place, {"name": "", "expected": "allow"})
    assert wrong.status_code == 422
    assert client.post(place, {"name": "stays", "expected": "allow"}).status_code == 302
    page = text_of(client.get(f"/policies/{policy.id}/tests/"))
    assert "stays: expected allowed, is allowed" in page
    with company.acting("architect"):
        test = PolicyTest.objects.get()
    assert (
        browser(company, "architect").post(f"/policies/tests/{test.id}/remove/").status_code == 302
    )
    assert "None yet" in text_of(client.get(f"/policies/{policy.id}/tests/"))
