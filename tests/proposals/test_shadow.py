"""Proposals in shadow: what is counted, once and in order, what ends it, who is told, who may."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from apps.events.models import Event
from apps.fleet.queries import arrived_requests
from apps.fleet.types import Place
from apps.kernel import clock, settling
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import acting_as
from apps.proposals.operations import (
    advance_shadow,
    replay_proposal,
    start_shadow,
    stop_shadow,
)
from apps.proposals.operations.shadows import BEGINNING
from apps.proposals.replay import shadowing
from apps.proposals.replay.judging import Judge
from apps.proposals.replay.running import run_replay
from apps.proposals.replay.tally import Tally
from apps.proposals.types import ReplayOutcome
from tests.factories.decisions import DEPLOY, record, who
from tests.factories.policy import FORBID, make_active, make_proposal
from tests.proposals.shadows import HOUR, START, at, begin, counted, enrolled, kept, run, tell
from tests.web.sign_in import browser


def told(company, type):
    with company.acting("admin"):
        return Event.objects.filter(type=type).count()


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
        tell(company, enrolled(company), 1, *["deploy"] * 3)
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
        slow, quick = enrolled(company, "slow"), enrolled(company, "quick")
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
