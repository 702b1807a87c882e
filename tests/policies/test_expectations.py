"""A revision says what it decides on kept tests, and the agents' engine agrees or refuses it."""

import base64
import json
from typing import Any

import pytest
from aeterna_cedar_agent.engine import RefusedError, load_revision
from aeterna_cedar_agent.expected import read_expected, require_expected
from aeterna_cedar_agent.revision import read_revision

from apps.fleet.deltas import snapshot_of
from apps.policies import expectations
from apps.policies.operations import edit_policy, retire_policy
from apps.policies.queries import get_head, load_bundle
from apps.proposals.operations import approve_proposal, propose_policy
from tests.factories.policy import FORBID, make_active
from tests.policies.test_playground import READ, question
from tests.policies.test_policy_tests import PEM, keep

pytestmark = pytest.mark.django_db


def head_of(company: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the newest revision as agents get it, and what its manifest claims."""
    with company.acting("viewer"):
        frame = snapshot_of(load_bundle(get_head().number))
    body = frame["manifest"].split(".")[1]
    return frame, json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def with_a_kept_test(company: Any) -> Any:
    """Keep a test of a policy, then publish once more; the test's policy is returned."""
    policy = make_active(company, name="reading", cedar=READ)
    keep(company, policy)
    make_active(company, name="others", cedar=FORBID)
    return policy


def test_agents_decide_as_the_revision_says_and_refuse_one_that_does_not(company: Any) -> None:
    with_a_kept_test(company)
    frame, claims = head_of(company)
    (expected,) = read_expected(claims)
    assert (expected.name, expected.decision) == ("keys stay readable", "Allow")
    require_expected([expected], loaded=load_revision(read_revision(frame)))

    for policy in frame["policies"]:
        policy["cedar"] = policy["cedar"].replace("permit", "forbid")
    with pytest.raises(RefusedError) as refused:
        require_expected([expected], loaded=load_revision(read_revision(frame)))
    assert refused.value.stage == "expect"
    assert refused.value.error == "keys stay readable: expected Allow, decided Deny"


def test_what_is_told_is_the_decision_and_not_what_the_test_wants(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    keep(company, policy, expected="deny")
    make_active(company, name="others", cedar=FORBID)
    _, claims = head_of(company)
    assert [row["decision"] for row in claims["expected"]] == ["Allow"]


def test_without_a_test_of_a_policy_in_force_nothing_is_told(company: Any) -> None:
    policy = with_a_kept_test(company)
    with company.acting("architect"):
        retire_policy(policy_id=policy.id, reason="Gone.")
    assert head_of(company)[1]["expected"] == []


def test_a_question_that_became_none_is_left_out(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    keep(company, policy)
    odd = question(company, attributes={"path": 1})
    with company.acting("tech_lead"):
        from apps.policies.models import PolicyTest

        PolicyTest.objects.update(question=odd)
    make_active(company, name="others", cedar=FORBID)
    assert head_of(company)[1]["expected"] == []


def test_no_more_is_told_than_may_travel_with_each_revision(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    for number in range(3):
        keep(company, policy, name=f"test {number}", question=question(company, **PEM))
    monkeypatch.setattr(expectations, "MAX_EXPECTED", 2)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=READ + "// again\n")
        proposal = propose_policy(policy_id=policy.id, justification="Clearer.")
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    names = [row["name"] for row in head_of(company)[1]["expected"]]
    assert names == ["test 2", "test 1"]

    monkeypatch.setattr(expectations, "MAX_BYTES", 400)
    make_active(company, name="others", cedar=FORBID)
    assert [row["name"] for row in head_of(company)[1]["expected"]] == ["test 2"]
