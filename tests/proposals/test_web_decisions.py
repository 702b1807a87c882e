"""Deciding on a proposal in the browser: approve, reject, revise, and two people at once."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from apps.fleet.operations import acknowledge_revision, connect_agent, enroll_agent
from apps.fleet.types import Applied
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import register_agent
from apps.policies.models import Policy
from apps.policies.operations import edit_policy
from apps.proposals.models import Proposal
from apps.proposals.operations import approve_proposal, propose_policy, reject_proposal
from tests.factories.company import TestCompany
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy, make_proposal
from tests.web.sign_in import browser

from .seen import denials_of, state_of, text_of


def test_nobody_approves_their_own_proposal(company: TestCompany) -> None:
    proposal = make_proposal(company)
    before = state_of(company)
    client = browser(company, "architect")

    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    response = client.post(f"/proposals/{proposal.id}/approve/", {"expected_version": 1})

    assert 'id="approve-dialog"' not in page
    assert "You proposed this: somebody else must decide." in page
    assert response.status_code == 403
    assert "not-ones-own" in text_of(response)
    assert state_of(company) == before
    assert denials_of(company) == ["proposal.approve"]


def test_nobody_approves_what_they_proposed_through_an_agent(company: TestCompany) -> None:
    policy = make_policy(company)
    with company.acting("architect"):
        agent = register_agent(
            name="helper",
            scope_id=company.scopes["company"].id,
            capabilities=["policy.propose"],
            max_severity="warn",
            expires_at=clock.now() + timedelta(days=1),
        )
    with acting_as(company.agent_actor(agent)):
        proposal = propose_policy(policy_id=policy.id, justification="Found a hole.")
    client = browser(company, "architect")

    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    response = client.post(f"/proposals/{proposal.id}/approve/", {"expected_version": 1})

    assert "through" in page
    assert "helper" in page
    assert response.status_code == 403


def test_an_approval_comes_into_force_and_shows_its_revision(company: TestCompany) -> None:
    proposal = make_proposal(company)
    client = browser(company, "second_architect")

    response = client.post(
        f"/proposals/{proposal.id}/approve/", {"reason": "Good.", "expected_version": 1}
    )

    with company.acting("viewer"):
        decided = Proposal.objects.select_related("policy").get()
    page = text_of(client.get(response["Location"]))
    assert response.status_code == 302
    assert (decided.state, decided.policy.state) == ("approved", "active")
    assert f"Approved, and applied as revision {decided.revision}." in page
    assert f"/fleet/revisions/{decided.revision}/" in page
    assert "Good." in page


def test_the_page_counts_the_agents_that_enforce_the_revision(company: TestCompany) -> None:
    with company.acting("admin"):
        agents = [enroll_agent(name=name)[0] for name in ("one", "two")]
    policy = make_active(company)
    with company.acting("viewer"):
        proposal = Proposal.objects.get(policy_id=policy.id)
    client = browser(company, "viewer")

    def enforcing() -> str:
        convergence = client.get(f"/proposals/{proposal.id}/").context["convergence"]
        return f"{convergence.enforcing} of {convergence.total}"

    counts = [enforcing()]
    with acting_as(company.service("fleet")):
        for agent in agents:
            connect_agent(
                agent_id=agent.id,
                connection=agent.name,
                agent_version="1",
                cedar_version="4",
                revision=0,
                digest=None,
            )
            acknowledge_revision(
                revision=proposal.revision,
                digest=f"sha256:{'0' * 64}",
                answers=[Applied(agent.id, 1.0)],
            )
            counts.append(enforcing())

    assert counts == ["0 of 2", "1 of 2", "2 of 2"]


@pytest.mark.parametrize(
    ("verb", "body", "form", "field", "words", "status"),
    [
        ("reject", {"expected_version": 1}, "reject_form", "reason", "required", 422),
        (
            "reject",
            {"reason": "x" * 4001, "expected_version": 1},
            "reject_form",
            "reason",
            "At most 4000",
            422,
        ),
        (
            "approve",
            {"reason": "x" * 4001, "expected_version": 1},
            "approve_form",
            "reason",
            "At most 4000",
            422,
        ),
        (
            "approve",
            {"expected_version": "first"},
            "approve_form",
            "expected_version",
            "whole number",
            422,
        ),
        ("comment", {"text": "  "}, "comment_form", "text", "required", 422),
        ("comment", {"text": "x" * 4001}, "comment_form", "text", "At most 4000", 422),
    ],
)
def test_a_faulty_decision_names_the_field_and_changes_nothing(
    company: TestCompany,
    verb: str,
    body: dict[str, Any],
    form: str,
    field: str,
    words: str,
    status: int,
) -> None:
    proposal = make_proposal(company)
    before = state_of(company)

    response = browser(company, "second_architect").post(f"/proposals/{proposal.id}/{verb}/", body)

    assert response.status_code == status
    assert any(words in error for error in response.context[form].errors[field])
    assert state_of(company) == before


def test_a_rejection_tells_its_reason_and_may_be_revised(company: TestCompany) -> None:
    proposal = make_proposal(company)
    browser(company, "second_architect").post(
        f"/proposals/{proposal.id}/reject/", {"reason": "Too wide.", "expected_version": 1}
    )
    with company.acting("architect"):
        edit_policy(policy_id=proposal.policy_id, cedar=FORBID)
    client = browser(company, "architect")

    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    response = client.post(f"/proposals/{proposal.id}/revise/", {"justification": "Narrower."})

    with company.acting("viewer"):
        now = Proposal.objects.get()
    assert "Too wide." in page
    assert 'id="revise-dialog"' in page
    assert response.status_code == 302
    assert (now.state, now.cedar, now.justification) == ("pending", FORBID, "Narrower.")
    assert "revised it" in text_of(client.get(f"/proposals/{proposal.id}/"))


def test_only_its_author_withdraws_a_proposal(company: TestCompany) -> None:
    proposal = make_proposal(company)
    before = state_of(company)

    refused = browser(company, "second_architect").post(f"/proposals/{proposal.id}/withdraw/")
    unchanged = state_of(company)
    done = browser(company, "architect").post(f"/proposals/{proposal.id}/withdraw/")

    assert (refused.status_code, unchanged, done.status_code) == (403, before, 302)
    assert state_of(company)["proposals"] == [("withdrawn", 2)]


def test_a_comment_joins_the_timeline(company: TestCompany) -> None:
    proposal = make_proposal(company)
    client = browser(company, "developer")

    client.post(f"/proposals/{proposal.id}/comment/", {"text": "What about <b>CI</b>?"})

    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    assert 'data-key="c"' in page
    assert "What about &lt;b&gt;CI&lt;/b&gt;?" in page


def test_approving_a_version_that_was_revised_meanwhile_is_refused(company: TestCompany) -> None:
    proposal = make_proposal(company)
    with company.acting("architect"):
        edit_policy(policy_id=proposal.policy_id, cedar=FORBID)
    browser(company, "architect").post(
        f"/proposals/{proposal.id}/revise/", {"justification": "Other text."}
    )
    before = state_of(company)

    response = browser(company, "second_architect").post(
        f"/proposals/{proposal.id}/approve/", {"expected_version": 1}
    )

    page = text_of(response)
    assert response.status_code == 412
    assert "You saw version 1; it is now version 2." in page
    assert "run_tool" in page
    assert 'name="expected_version" value="2"' in page
    assert state_of(company) == before


def test_deciding_what_is_decided_shows_how_it_stands(company: TestCompany) -> None:
    proposal = make_proposal(company)
    with company.acting("admin"):
        reject_proposal(proposal_id=proposal.id, reason="No.")
    before = state_of(company)

    response = browser(company, "second_architect").post(f"/proposals/{proposal.id}/approve/", {})

    assert response.status_code == 409
    assert "The proposal is already rejected." in text_of(response)
    assert state_of(company) == before


def test_a_proposal_made_from_an_older_version_must_be_revised(company: TestCompany) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=FORBID)
        proposal = propose_policy(policy_id=policy.id, justification="Change.")
    with company.acting("tenant_admin"):
        Policy.objects.filter(id=policy.id).update(active_version=2)
    before = state_of(company)

    client = browser(company, "second_architect")
    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    response = client.post(f"/proposals/{proposal.id}/approve/", {"expected_version": 1})

    assert "The policy changed since it was proposed" in page
    assert response.status_code == 409
    assert state_of(company) == before


def test_of_two_reviewers_at_once_one_wins_and_the_other_sees_why(committed_company: Any) -> None:
    company = committed_company
    proposal = make_proposal(company)
    clients = [browser(company, role) for role in ("second_architect", "admin")]
    start = threading.Barrier(2)
    answers: dict[int, Any] = {}

    def decide(index: int) -> None:
        from django.db import connections

        start.wait(timeout=30)
        try:
            answers[index] = clients[index].post(
                f"/proposals/{proposal.id}/approve/", {"expected_version": 1}
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(answer.status_code for answer in answers.values()) == [302, 412]
    (loser,) = [answer for answer in answers.values() if answer.status_code == 412]
    assert "You saw version 1; it is now version 2." in text_of(loser)
    assert "Approved and applied" in text_of(loser)
    state = state_of(company)
    assert (state["proposals"], state["reviews"]) == ([("approved", 2)], 1)
    assert state["policies"] == [("active", 2)]


def test_a_proposal_to_retire_takes_the_policy_out_of_force(company: TestCompany) -> None:
    policy = make_active(company)
    browser(company, "architect").post(
        f"/proposals/about/{policy.id}/new/",
        {"kind": "retire_policy", "justification": "Replaced."},
    )
    with company.acting("viewer"):
        proposal = Proposal.objects.get(kind="retire_policy")
    client = browser(company, "second_architect")

    page = text_of(client.get(f"/proposals/{proposal.id}/"))
    client.post(f"/proposals/{proposal.id}/approve/", {"expected_version": 1})

    assert "Take the policy out of force" in page
    assert PERMIT.strip()[:20] in page
    with company.acting("viewer"):
        assert Policy.objects.get().state == "retired"


def test_an_approval_by_operation_and_page_agree(company: TestCompany) -> None:
    proposal = make_proposal(company)
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)

    context = browser(company, "viewer").get(f"/proposals/{proposal.id}/").context

    assert context["box_look"]["title"] == "Approved and applied"
    assert context["checks"] == []
