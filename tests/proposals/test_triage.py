"""Deciding about several proposals at once: each by itself, told one by one, nobody their own."""

from datetime import timedelta

import pytest

from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden
from apps.kernel.tenancy import is_scope_open
from apps.notifications.models import Notification
from apps.proposals.models import Proposal, ProposalStep
from apps.proposals.operations import approve_proposal, nudge_approvers, withdraw_proposal
from apps.proposals.triage import triage
from tests.factories.policy import make_proposal
from tests.web.sign_in import browser

from .seen import state_of

pytestmark = pytest.mark.gap("UX-H5")
RULE = {"id": "readme", "target": "file", "effect": "require", "path": "README.md"}


@pytest.fixture
def three(company):
    """Three proposals by an architect, with rules only: nothing has to be proven first."""
    return [make_proposal(company, name=name, cedar="", rules=[RULE]) for name in ("a", "b", "c")]


def _bulk(company, who, verb, proposals, **more):
    items = [{"id": str(one.id), "version": one.version} for one in proposals]
    body = {"verb": verb, "items": items, **more}
    client = browser(company, who)
    return client.post("/api/v1/proposals/bulk", body, content_type="application/json")


def _post(company, who, verb, proposals, **more):
    chosen = [f"{one.id}:{one.version}" for one in proposals]
    client = browser(company, who)
    return client.post("/proposals/bulk/", {"verb": verb, "proposal": chosen, **more})


def _states(company, proposals):
    with company.acting("admin"):
        return [Proposal.objects.get(id=one.id).state for one in proposals]


def test_each_is_approved_by_itself(company, three):
    results = _bulk(company, "second_architect", "approve", three).json()["results"]
    assert [(one["id"], one["is_done"], one["state"]) for one in results] == [
        (str(proposal.id), True, "approved") for proposal in three
    ]
    assert _states(company, three) == ["approved"] * 3


def test_one_that_fails_keeps_no_other_from_being_done(company, three):
    with company.acting("architect"):
        withdraw_proposal(proposal_id=three[1].id)
    answer = _bulk(company, "second_architect", "approve", [three[0], three[2], three[1]])
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["is_done"] for one in results] == [True, True, False]
    problem = results[2]["problem"]
    assert (problem["status"], problem["code"]) == (412, "stale")
    assert problem["type"] == "urn:aeterna:problem:stale"
    assert problem["request_id"]
    assert _states(company, three) == ["approved", "withdrawn", "approved"]


def test_nobody_approves_their_own_among_many(company, three):
    own = make_proposal(company, by="second_architect", name="own", cedar="", rules=[RULE])
    results = _bulk(company, "second_architect", "approve", [own, three[0]]).json()["results"]
    assert [one["is_done"] for one in results] == [False, True]
    assert results[0]["problem"]["code"] == "forbidden"
    assert _states(company, [own, three[0]]) == ["pending", "approved"]


def test_a_rejection_needs_one_reason_for_all(company, three):
    before = state_of(company)
    refused = _bulk(company, "second_architect", "reject", three)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["reason"])
    assert state_of(company) == before
    done = _bulk(company, "second_architect", "reject", three, reason="Not like this.")
    assert all(one["is_done"] for one in done.json()["results"])
    assert _states(company, three) == ["rejected"] * 3


def test_what_is_no_triage_is_refused_by_name(company, three):
    before = state_of(company)
    nothing = _bulk(company, "second_architect", "approve", [])
    assert (nothing.status_code, list(nothing.json()["fields"])) == (422, ["items"])
    twice = _bulk(company, "second_architect", "approve", [three[0], three[0]])
    assert twice.json()["fields"] == {"items": ["Name each proposal once."]}
    assert state_of(company) == before


def test_a_dry_run_tells_each_and_does_none(company, three):
    body = {"verb": "approve", "items": [{"id": str(one.id)} for one in three]}
    client = browser(company, "second_architect")
    headers = {"Aeterna-Dry-Run": "true"}
    answer = client.post(
        "/api/v1/proposals/bulk", body, content_type="application/json", headers=headers
    )
    assert [one["is_done"] for one in answer.json()["results"]] == [True] * 3
    assert answer["Aeterna-Dry-Run"] == "true"
    assert _states(company, three) == ["pending"] * 3


def test_proposals_of_another_company_are_not_there(company, other_company, three):
    results = _bulk(other_company, "admin", "approve", three[:1]).json()["results"]
    assert results[0]["problem"]["code"] == "not_found"
    assert results[0]["words"] == "There is no such proposal."
    assert _states(company, three) == ["pending"] * 3


def test_the_page_asks_before_it_does(company, three):
    asked = _post(company, "second_architect", "approve", three)
    page = asked.content.decode()
    assert "Approve 3 proposals" in page
    assert _states(company, three) == ["pending"] * 3
    done = _post(company, "second_architect", "approve", three, confirmed="1", reason="Fine.")
    page = done.content.decode()
    assert done.status_code == 200
    assert "3 done." in page
    assert page.count("Approved, and applied as revision") == 3
    assert done["X-Frame-Options"] == "DENY"
    assert _states(company, three) == ["approved"] * 3


def test_the_page_asks_again_for_a_reason(company, three):
    refused = _post(company, "second_architect", "reject", three, confirmed="1", reason=" ")
    assert refused.status_code == 422
    assert "Say why: their authors read it and may revise them." in refused.content.decode()
    assert _states(company, three) == ["pending"] * 3


def test_the_page_tells_what_failed_in_words(company, three):
    with company.acting("architect"):
        withdraw_proposal(proposal_id=three[0].id)
    page = _post(company, "second_architect", "approve", three, confirmed="1").content.decode()
    assert "2 done, 1 not." in page
    assert "Not done" in page


def test_nothing_selected_is_said(company, three):
    answer = _post(company, "second_architect", "approve", [])
    assert answer.status_code == 422
    assert "Choose at least one proposal." in answer.content.decode()
    broken = browser(company, "second_architect").post("/proposals/bulk/", {"proposal": "x"})
    assert broken.status_code == 422


def test_rows_can_be_selected_by_whoever_may_decide(company, three):
    page = browser(company, "second_architect").get("/proposals/?tab=all&select=page")
    text = page.content.decode()
    assert text.count("data-choose ") == 3
    assert f'value="{three[0].id}:{three[0].version}"' in text
    assert text.count('data-row-key="x" checked') == 3
    viewer = browser(company, "viewer").get("/proposals/?tab=all").content.decode()
    assert "data-choose" not in viewer


def test_approvers_are_nudged_at_most_once_an_hour(company, three, monkeypatch):
    with company.acting("second_architect"):
        nudge_approvers(proposal_id=three[0].id)
        with pytest.raises(Conflict, match="within this hour"):
            nudge_approvers(proposal_id=three[0].id)
        assert ProposalStep.objects.filter(key__startswith="nudge:").count() == 1
        later = clock.now() + timedelta(hours=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        nudge_approvers(proposal_id=three[0].id)


def test_only_who_may_decide_nudges(company, three):
    before = state_of(company)
    with pytest.raises(Forbidden), company.acting("developer"):
        nudge_approvers(proposal_id=three[0].id)
    assert state_of(company) == before
    answer = browser(company, "second_architect").post(f"/proposals/{three[0].id}/nudge/")
    assert answer["Location"] == f"/proposals/{three[0].id}/"


def test_those_who_are_asked_are_told_of_many_reminders(company, three):
    results = _bulk(company, "second_architect", "remind", three).json()["results"]
    assert {one["words"] for one in results} == {"Those who are asked were reminded."}
    from apps.proposals.handlers import TO_APPROVERS

    assert TO_APPROVERS["proposal.nudged"] == "still waits for your decision"
    with company.acting("admin"):
        assert not Notification.objects.filter(kind="proposal.nudged").exists()


def test_the_page_leads_to_the_proposals_around_it(company, three):
    page = browser(company, "second_architect").get(f"/proposals/{three[1].id}/")
    assert page.context["neighbours"]["previous"].id == three[0].id
    assert page.context["neighbours"]["next"].id == three[2].id
    text = page.content.decode()
    sections = ("change-title", "analysis-title", "impact-title", "story-title", "merge-title")
    places = [text.index(f'id="{name}"') for name in sections]
    assert places == sorted(places)


def test_a_crash_in_one_keeps_what_was_done_of_the_others(company, three, monkeypatch):
    def breaks(*, proposal_id, **given):
        if proposal_id == three[1].id:
            raise RuntimeError("boom")
        return approve_proposal(proposal_id=proposal_id, **given)

    monkeypatch.setattr("apps.proposals.triage.approve_proposal", breaks)
    results = _bulk(company, "second_architect", "approve", three).json()["results"]
    assert [one["is_done"] for one in results] == [True, False, True]
    assert results[1]["words"] == "Something went wrong. Nothing of it was done."
    assert "boom" not in str(results)
    assert _states(company, three) == ["approved", "pending", "approved"]


def test_each_is_done_after_the_requests_own_scope_has_closed(company, three, monkeypatch):
    scopes = []

    def watched(**given):
        scopes.append(is_scope_open())
        yield from triage(**given)

    monkeypatch.setattr("apps.proposals.entrypoints.rest_triage.triage", watched)
    monkeypatch.setattr("apps.proposals.entrypoints.web_triage.triage", watched)
    _bulk(company, "second_architect", "remind", three[:1])
    _post(company, "second_architect", "approve", three[:1], confirmed="1")
    assert scopes == [False, False]
    assert _states(company, three[:1]) == ["approved"]
