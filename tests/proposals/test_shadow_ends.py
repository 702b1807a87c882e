"""How a shadow ends, who sees it, and its doors."""

import csv
import io

import pytest

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.notifications.models import Notification
from apps.policies.operations import edit_policy
from apps.policies.queries import get_policy
from apps.proposals.models import Shadow
from apps.proposals.operations import (
    approve_proposal,
    revise_proposal,
    stop_shadow,
    withdraw_proposal,
)
from apps.proposals.replay import shadowing
from apps.proposals.replay.judging import Judge
from apps.proposals.replay.running import BROKEN
from apps.proposals.types import ShadowState
from tests.factories.decisions import DEPLOY, NO_DEPLOY, who
from tests.factories.policy import FORBID, make_active, make_proposal
from tests.notifications.delivering import deliver
from tests.proposals.shadows import HOUR, at, begin, counted, kept, run, tell
from tests.web.sign_in import browser


def inbox(company, role="architect"):
    deliver(company)
    with company.acting(role):
        mine = Notification.objects.filter(recipient=company.users[role], kind="shadow.ended")
        return list(mine.values_list("subject", "path"))


def test_it_ends_by_time_with_what_arrived_until_then_and_tells_who_began_it(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY), hours=1)
    tell(company, edge, HOUR - 1, "deploy", "deploy", "read")
    tell(company, edge, HOUR, "deploy")
    run(company, shadow, HOUR)
    assert kept(company, shadow).state == ShadowState.RUNNING
    run(company, shadow, HOUR + 1)
    ended = kept(company, shadow)
    assert (ended.state, ended.ending, ended.done) == (ShadowState.ENDED, shadowing.OVER, 3)
    ((subject, path),) = inbox(company)
    assert subject.endswith("was in shadow for 1 hour: 2 decisions would be different")
    assert path == f"/proposals/shadows/{shadow.id}/"
    assert run(company, shadow, HOUR + 2) is False


@pytest.mark.parametrize(
    ("who_decides", "decide", "ending"),
    [
        ("architect", withdraw_proposal, "The proposal was withdrawn."),
        ("second_architect", approve_proposal, "The proposal was approved."),
    ],
)
def test_a_decision_ends_it_with_the_reason_and_tells_nobody(company, who_decides, decide, ending):
    proposal = make_proposal(company, cedar=DEPLOY)
    shadow = begin(company, proposal)
    with company.acting(who_decides):
        decide(proposal_id=proposal.id)
    run(company, shadow, 1)
    ended = kept(company, shadow)
    assert (ended.state, ended.ending) == (ShadowState.ENDED, ending)
    assert inbox(company) == []


def test_a_revision_ends_it_with_the_reason_and_what_was_counted_stays(company, edge):
    proposal = make_proposal(company, cedar=DEPLOY)
    shadow = begin(company, proposal)
    tell(company, edge, 1, "deploy")
    run(company, shadow, 2)
    with company.acting("architect"):
        policy = get_policy(proposal.policy_id)
        edit_policy(policy_id=policy.id, cedar=FORBID, expected_version=policy.version)
        revise_proposal(proposal_id=proposal.id)
    tell(company, edge, 3, "deploy")
    run(company, shadow, 4)
    ended = kept(company, shadow)
    assert (ended.state, ended.ending) == (ShadowState.ENDED, "The proposal was revised.")
    assert ended.done == 1


def test_what_cannot_be_read_ends_it_and_who_began_it_is_told(company, edge, monkeypatch):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY), hours=2)
    tell(company, edge, 1, "deploy")

    def refuse(self, rows):
        raise ValueError("not Cedar")

    monkeypatch.setattr(Judge, "judge_many", refuse)
    run(company, shadow, 2)
    assert (kept(company, shadow).state, kept(company, shadow).ending) == ("ended", BROKEN)
    ((subject, _),) = inbox(company)
    assert "was in shadow for less than 2 hours: what is in force" in subject


def test_it_is_stopped_once_and_keeps_what_was_counted(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy")
    run(company, shadow, 2)
    with company.acting("architect"):
        stop_shadow(shadow_id=shadow.id)
    stopped = kept(company, shadow)
    assert (stopped.state, stopped.ending) == (ShadowState.STOPPED, "Architect stopped it.")
    assert counted(company, shadow) == {"newly_allowed": 1}
    with pytest.raises(Conflict, match="already stopped"), company.acting("architect"):
        stop_shadow(shadow_id=shadow.id)
    assert run(company, shadow, 3) is False


def test_one_at_a_time_and_only_while_pending(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    shadow = begin(company, proposal)
    with pytest.raises(Conflict, match="in shadow already"):
        begin(company, proposal)
    with company.acting("architect"):
        stop_shadow(shadow_id=shadow.id)
        withdraw_proposal(proposal_id=proposal.id)
    with pytest.raises(Conflict, match="already withdrawn"):
        begin(company, proposal)
    with company.acting("admin"):
        assert Shadow.objects.count() == 1


@pytest.mark.parametrize("hours", [0, 721])
def test_hours_out_of_range_are_named(company, hours):
    proposal = make_proposal(company, cedar=DEPLOY)
    with pytest.raises(Invalid) as error:
        begin(company, proposal, hours=hours)
    assert error.value.fields == {"hours": ["Choose from 1 to 720 hours."]}
    with company.acting("admin"):
        assert Shadow.objects.count() == 0


def test_who_may_not_see_decisions_sees_only_that_it_is_in_shadow(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    with pytest.raises(Forbidden):
        begin(company, proposal, by="developer")
    shadow = begin(company, proposal)
    client = browser(company, "developer")
    assert client.get(f"/api/v1/shadows/{shadow.id}").status_code == 403
    assert client.get(f"/proposals/shadows/{shadow.id}/").status_code == 403
    page = client.get(f"/proposals/{proposal.id}/").content.decode()
    assert "In shadow" in page
    assert 'id="shadow"' not in page
    with pytest.raises(Forbidden), company.acting("developer"):
        stop_shadow(shadow_id=shadow.id)
    assert kept(company, shadow).state == ShadowState.RUNNING


def test_another_company_finds_no_such_shadow(company, other_company):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    with pytest.raises(NotFound), other_company.acting("admin"):
        stop_shadow(shadow_id=shadow.id)
    with pytest.raises(NotFound):
        shadowing.run_shadow(tenant_id=other_company.tenant_id, shadow_id=shadow.id)
    stranger = browser(other_company, "tenant_admin")
    assert stranger.get(f"/api/v1/shadows/{shadow.id}").status_code == 404
    assert kept(company, shadow).state == ShadowState.RUNNING


def test_the_proposals_page_puts_it_in_shadow_follows_and_stops_it(company, edge):
    proposal = make_proposal(company, cedar=DEPLOY)
    client, address = browser(company, "architect"), f"/proposals/{proposal.id}/"
    assert "Nobody put this in shadow yet" in client.get(address).content.decode()
    with at(0):
        client.post(f"{address}shadow/", {"hours": "48"})
    with company.acting("admin"):
        shadow = Shadow.objects.get()
    tell(company, edge, 1, "deploy", "read")
    run(company, shadow, 2)
    page = client.get(address).content.decode()
    assert '<span class="tag-text">In shadow</span>' in page
    assert "Of 2 decisions, 1 would now be allowed and 0 denied." in page
    assert f'href="/proposals/shadows/{shadow.id}/"' in page
    own = client.get(f"/proposals/shadows/{shadow.id}/").content.decode()
    assert "2 decisions judged so far" in own
    example = kept(company, shadow).report["lines"][0]["decision_id"]
    assert f'href="/fleet/decisions/{example}/"' in own
    client.post(f"/proposals/shadows/{shadow.id}/stop/")
    assert "Architect stopped it." in client.get(address).content.decode()


def test_no_number_of_hours_is_refused_in_words_on_the_page(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    client = browser(company, "architect")
    answer = client.post(f"/proposals/{proposal.id}/shadow/", {"hours": "a day"}, follow=True)
    assert "Choose from 1 to 720 hours." in answer.content.decode()
    with company.acting("admin"):
        assert Shadow.objects.count() == 0


def test_lines_are_exported(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy")
    run(company, shadow, 2)
    url = f"/proposals/shadows/{shadow.id}/?format=csv"
    text = browser(company, "architect").get(url).content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["outcome"], row["principal"], row["count"]) == ("newly_allowed", who(company), "1")


def test_programs_start_read_and_stop_it(company, edge):
    make_active(company, name="deploying", cedar=DEPLOY)
    proposal = make_proposal(company, name="freeze", cedar=NO_DEPLOY)
    client, base = browser(company, "architect"), f"/api/v1/proposals/{proposal.id}/shadows"
    with at(0):
        made = client.post(base, {"hours": 2}, content_type="application/json")
    assert (made.status_code, made.json()["state"], made.json()["hours"]) == (201, "running", 2)
    with company.acting("admin"):
        shadow = Shadow.objects.get()
    tell(company, edge, 1, "deploy", decision="Allow")
    run(company, shadow, 2)
    assert [one["id"] for one in client.get(base).json()["results"]] == [str(shadow.id)]
    answer = client.get(f"/api/v1/shadows/{shadow.id}").json()
    assert (answer["counts"]["newly_denied"], answer["done"], answer["early"]) == (1, 1, 0)
    assert answer["by_action"] == [{"name": 'Action::"deploy"', "allowed": 0, "denied": 1}]
    assert answer["coverage"]["recorded"] == 1
    address = f"/api/v1/shadows/{shadow.id}/stop"
    stopped = client.post(address, content_type="application/json").json()
    assert (stopped["state"], stopped["ending"]) == ("stopped", "Architect stopped it.")
