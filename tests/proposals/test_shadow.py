"""Proposals in shadow: what is counted, once and in order, what ends it, who is told, who may."""

import csv
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from apps.events.models import Event
from apps.fleet.operations import enroll_agent
from apps.fleet.queries import arrived_requests
from apps.fleet.types import Place
from apps.kernel import clock, settling
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.tenancy import acting_as
from apps.notifications.models import Notification
from apps.policies.operations import edit_policy
from apps.policies.queries import get_policy
from apps.proposals.models import Shadow
from apps.proposals.operations import (
    advance_shadow,
    approve_proposal,
    replay_proposal,
    revise_proposal,
    start_shadow,
    stop_shadow,
    withdraw_proposal,
)
from apps.proposals.operations.shadows import BEGINNING
from apps.proposals.replay import shadowing
from apps.proposals.replay.judging import Judge
from apps.proposals.replay.running import BROKEN, run_replay
from apps.proposals.replay.tally import Tally
from apps.proposals.types import ReplayOutcome, ShadowState
from tests.factories.decisions import DEPLOY, NO_DEPLOY, record, who
from tests.factories.policy import FORBID, make_active, make_proposal
from tests.notifications.delivering import deliver
from tests.web.sign_in import browser

START = datetime.now(UTC) - timedelta(days=3)
HOUR = 60


@pytest.fixture
def edge(company):
    return _edge(company)


def _edge(company, name="edge"):
    with company.acting("admin"):
        return enroll_agent(name=name)[0]


def at(minute):
    return clock.at(START + timedelta(minutes=minute))


def tell(company, agent, minute, *actions, by="developer", decided=None, **more):
    """Have an agent tell at a minute what it decided then, or at the minute `decided`."""
    moment = START + timedelta(minutes=minute if decided is None else decided)
    with at(minute):
        values = {"at": moment, **more}
        record(company, agent, *[(who(company, by), action, values) for action in actions])


def begin(company, proposal, by="architect", minute=0, **values):
    with at(minute), company.acting(by):
        return start_shadow(proposal_id=proposal.id, **values)


def run(company, shadow, minute):
    with at(minute):
        return shadowing.run_shadow(tenant_id=company.tenant_id, shadow_id=shadow.id)


def kept(company, shadow):
    with company.acting("admin"):
        return Shadow.objects.get(id=shadow.id)


def counted(company, shadow):
    counts = kept(company, shadow).report.get("counts", {})
    return {name: count for name, count in counts.items() if count}


def told(company, type):
    with company.acting("admin"):
        return Event.objects.filter(type=type).count()


def inbox(company, role="architect"):
    deliver(company)
    with company.acting(role):
        mine = Notification.objects.filter(recipient=company.users[role], kind="shadow.ended")
        return list(mine.values_list("subject", "path"))


def test_what_arrives_is_counted_as_if_the_proposal_were_in_force(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy", "deploy", "read")
    assert run(company, shadow, 2) is True
    assert counted(company, shadow) == {"newly_allowed": 2, "same": 1}
    tell(company, edge, 3, "deploy", by="architect")
    run(company, shadow, 4)
    run(company, shadow, 5)
    assert counted(company, shadow) == {"newly_allowed": 3, "same": 1}
    assert kept(company, shadow).done == 4
    lines = [(one["principal"], one["count"]) for one in kept(company, shadow).report["lines"]]
    assert lines == [(who(company), 2), (who(company, "architect"), 1)]


def test_what_was_decided_before_the_start_is_left_out_and_said(company, edge):
    tell(company, edge, -5, "deploy")
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy", decided=-1)
    tell(company, edge, 2, "deploy")
    run(company, shadow, 3)
    assert (kept(company, shadow).done, kept(company, shadow).report["early"]) == (1, 1)
    page = browser(company, "architect").get(f"/proposals/shadows/{shadow.id}/")
    assert "1 that had been decided before, and were told since, is left out" in (
        page.content.decode()
    )


def test_an_answer_leaves_out_the_last_seconds_until_they_are_settled(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy")
    run(company, shadow, 1 + 4 / 60)
    assert kept(company, shadow).done == 0
    run(company, shadow, 1 + 6 / 60)
    assert kept(company, shadow).done == 1


def test_shadow_in_many_batches_finds_what_one_replay_of_the_whole_finds(
    company, edge, monkeypatch
):
    monkeypatch.setattr(shadowing, "PAGE", 2)
    make_active(company, name="bots", cedar=FORBID)
    proposal = make_proposal(company, cedar=DEPLOY)
    shadow = begin(company, proposal, hours=2)
    for minute, by in enumerate(("developer", "architect", "developer", "admin"), start=1):
        tell(company, edge, minute, "deploy", "read", "deploy", by=by)
        run(company, shadow, minute + 0.5)
    # Told late, decided early: the newest stays the example.
    tell(company, edge, 6, "deploy", decided=2)
    tell(company, edge, 7, "deploy", context={"reason": "[REDACTED:…4242]"})
    tell(company, edge, 8, "deploy", is_cut=True)
    run(company, shadow, 9)
    with at(HOUR), company.acting("architect"):
        replay = replay_proposal(proposal_id=proposal.id, days=1)
    run_replay(tenant_id=company.tenant_id, replay_id=replay.id)
    with company.acting("admin"):
        replay.refresh_from_db()
    found = kept(company, shadow).report
    assert found.pop("early") == 0
    assert found == replay.report
    assert (len(found["lines"]), found["counts"]["newly_allowed"]) == (3, 9)


def test_a_tally_resumed_from_its_report_counts_on_and_keeps_its_limit(company, edge):
    tell(company, edge, 1, "deploy")
    tell(company, edge, 1, "deploy", by="admin")
    with company.acting("admin"):
        place = Place(START, BEGINNING)
        rows = [one.request for one in arrived_requests(after=place, until=clock.now(), limit=9)]
    first = Tally(limit=1)
    first.add([(rows[0], ReplayOutcome.NEWLY_DENIED)])
    second = Tally.resumed(first.as_json(), limit=1)
    second.add([(row, ReplayOutcome.NEWLY_DENIED) for row in rows])
    assert Tally.resumed(second.as_json(), limit=1) == second
    report = second.as_json()
    assert (report["beyond"], report["counts"]["newly_denied"], second.different) == (1, 3, 3)
    assert [line["count"] for line in report["lines"]] == [2]


def test_a_worker_that_dies_between_pages_is_replaced_and_nothing_counts_twice(
    company, edge, monkeypatch
):
    monkeypatch.setattr(shadowing, "PAGE", 2)
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, *["deploy"] * 5)
    judged, pages = Judge.judge_many, []

    def die(self, rows):
        pages.append(len(rows))
        if len(pages) == 2:
            raise MemoryError
        return judged(self, rows)

    monkeypatch.setattr(Judge, "judge_many", die)
    with pytest.raises(MemoryError):
        run(company, shadow, 2)
    assert kept(company, shadow).done == 2
    run(company, shadow, 3)
    assert (pages, counted(company, shadow)) == ([2, 2, 2, 1], {"newly_allowed": 5})


def test_two_workers_at_once_count_each_decision_once(
    committed_company, django_db_blocker, monkeypatch
):
    company, judged = committed_company, Judge.judge_many
    with django_db_blocker.unblock():
        shadow = begin(company, make_proposal(company, cedar=DEPLOY))
        tell(company, _edge(company), 1, *["deploy"] * 3)
        both_read = threading.Barrier(2, timeout=20)
        answers = []

        def judge(self, rows):
            both_read.wait()
            return judged(self, rows)

        def work():
            answers.append(run(company, shadow, 2))
            connections.close_all()

        monkeypatch.setattr(Judge, "judge_many", judge)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [False, True]
        assert counted(company, shadow) == {"newly_allowed": 3}
        assert (company.tenant_id, shadow.id) in shadowing.find_running()
        with company.acting("architect"):
            stop_shadow(shadow_id=shadow.id)
        assert (company.tenant_id, shadow.id) not in shadowing.find_running()


def test_what_commits_late_is_not_skipped_by_what_committed_before_it(
    committed_company, django_db_blocker, monkeypatch
):
    monkeypatch.setattr(settling, "CLOCKS_APART", timedelta(0))
    company = committed_company
    is_written, may_commit = threading.Event(), threading.Event()
    with django_db_blocker.unblock():
        slow, quick = _edge(company, "slow"), _edge(company, "quick")
        proposal = make_proposal(company, cedar=DEPLOY)
        with company.acting("architect"):
            shadow = start_shadow(proposal_id=proposal.id)
        decided = {"at": shadow.started_at + timedelta(seconds=1)}

        def commit_late():
            with acting_as(company.service("fleet")):
                record(company, slow, (who(company), "deploy", decided))
                is_written.set()
                assert may_commit.wait(20)
            connections.close_all()

        thread = threading.Thread(target=commit_late)
        thread.start()
        assert is_written.wait(20)
        record(company, quick, (who(company), "deploy", decided))
        work = {"tenant_id": company.tenant_id, "shadow_id": shadow.id}
        shadowing.run_shadow(**work)
        assert kept(company, shadow).done == 0
        may_commit.set()
        thread.join()
        shadowing.run_shadow(**work)
        assert kept(company, shadow).done == 2
        assert kept(company, shadow).report["lines"][0]["count"] == 1


def test_counts_from_another_place_than_the_kept_one_are_refused(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy")
    run(company, shadow, 2)
    before = kept(company, shadow)
    with pytest.raises(Conflict, match="counted these already"):
        _advance(company, shadow, seen=shadow.cursor_id, values={"done": 7})
    after = kept(company, shadow)
    assert (after.done, after.cursor_id) == (before.done, before.cursor_id)


def _advance(company, shadow, **values):
    with acting_as(company.service("analysis")):
        return advance_shadow(shadow_id=shadow.id, **values)


def test_policies_that_come_into_force_meanwhile_count_from_then_on(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "deploy")
    run(company, shadow, 2)
    base = kept(company, shadow).base
    make_active(company, name="deploying", cedar=DEPLOY)
    tell(company, edge, 3, "deploy")
    run(company, shadow, 4)
    assert counted(company, shadow) == {"newly_allowed": 1, "same": 1}
    assert kept(company, shadow).base not in ("", base)


def test_only_something_new_that_is_different_leaves_an_event(company, edge):
    shadow = begin(company, make_proposal(company, cedar=DEPLOY))
    tell(company, edge, 1, "read")
    run(company, shadow, 2)
    assert (told(company, "shadow.advanced"), kept(company, shadow).done) == (0, 1)
    tell(company, edge, 3, "deploy")
    run(company, shadow, 4)
    tell(company, edge, 5, "read")
    run(company, shadow, 6)
    assert (told(company, "shadow.advanced"), kept(company, shadow).done) == (1, 3)


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
