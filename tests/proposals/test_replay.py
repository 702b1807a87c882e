"""Recorded decisions replayed against a proposal: what is found, kept, shown, stopped, resumed."""

import csv
import io
import json
import random
from datetime import timedelta

import cedarpy
import pytest

from apps.fleet.types import RecordedRequest
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.policies.comparison import Body, Change, Mode
from apps.policies.impacts import organization_today
from apps.policies.queries import agent_schema
from apps.proposals.models import Replay
from apps.proposals.operations import (
    advance_replay,
    cancel_replay,
    replay_proposal,
    withdraw_proposal,
)
from apps.proposals.replay import running
from apps.proposals.replay.judging import Judge
from apps.proposals.replay.tally import Tally
from apps.proposals.types import ReplayOutcome, ReplayState
from tests.factories.decisions import DEPLOY, NO_DEPLOY, record, who
from tests.factories.policy import make_active, make_proposal
from tests.web.sign_in import browser


def ask(company, proposal, by="architect", **values):
    with company.acting(by):
        return replay_proposal(proposal_id=proposal.id, **values)


def work(company, replay):
    return running.run_replay(tenant_id=company.tenant_id, replay_id=replay.id)


def told(company, replay, by="tenant_admin", **query):
    return browser(company, by).get(f"/api/v1/replays/{replay.id}", query).json()


def kept(company, replay):
    with company.acting("admin"):
        return Replay.objects.get(id=replay.id)


def test_what_would_be_allowed_is_counted_and_linked_to_a_recorded_decision(company, edge):
    record(
        company,
        edge,
        (who(company), "deploy", {}),
        (who(company), "deploy", {}),
        (who(company), "read", {}),
        (who(company, "architect"), "deploy", {}),
    )
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    assert told(company, replay)["state"] == "queued"
    assert work(company, replay) is True
    answer = told(company, replay)
    assert (answer["state"], answer["done"], answer["total"]) == ("done", 4, 4)
    counts = {name: count for name, count in answer["counts"].items() if count}
    assert counts == {"newly_allowed": 3, "same": 1}
    assert answer["by_principal"] == [
        {"name": who(company), "allowed": 2, "denied": 0},
        {"name": who(company, "architect"), "allowed": 1, "denied": 0},
    ]
    assert answer["by_action"] == [{"name": 'Action::"deploy"', "allowed": 3, "denied": 0}]
    assert answer["by_agent"] == [{"name": "edge", "allowed": 3, "denied": 0}]
    first = answer["lines"][0]
    assert (first["outcome"], first["count"], first["recorded"]) == ("newly_allowed", 2, "Deny")
    page = browser(company, "tenant_admin").get(f"/proposals/replays/{replay.id}/")
    assert f'href="/fleet/decisions/{first["decision_id"]}/"' in page.content.decode()


def test_what_would_be_denied_is_told_apart(company, edge):
    make_active(company, name="deploying", cedar=DEPLOY)
    record(company, edge, (who(company), "deploy", {"decision": "Allow"}))
    replay = ask(company, make_proposal(company, name="freeze", cedar=NO_DEPLOY))
    work(company, replay)
    answer = told(company, replay)
    assert answer["counts"]["newly_denied"] == 1
    assert answer["lines"][0]["recorded"] == "Allow"


def test_what_cannot_be_decided_again_is_counted_by_its_reason(company, edge):
    hidden = {"context": {"reason": "[REDACTED:…4242]"}}
    record(
        company,
        edge,
        (who(company), "deploy", {"is_cut": True}),
        (who(company), "deploy", hidden),
        ('User::"gone@example.com"', "deploy", {}),
        ('User::"cut sho', "deploy", {}),
        (who(company), "deploy", {"context": {"hour": "noon"}}),
    )
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    work(company, replay)
    answer = told(company, replay)
    counts = {one["reason"]: one["count"] for one in answer["not_replayed"]}
    assert counts == {"cut": 1, "masked": 1, "gone": 1, "unreadable": 1, "refused": 1}
    assert answer["lines"] == []


def test_entities_that_a_request_brought_are_part_of_it(company, edge):
    stranger = {
        "uid": {"type": "User", "id": "new@example.com"},
        "attrs": {"roles": []},
        "parents": [],
    }
    record(company, edge, ('User::"new@example.com"', "deploy", {"entities": [stranger]}))
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    work(company, replay)
    assert told(company, replay)["counts"]["newly_allowed"] == 1


def test_only_the_period_is_replayed(company, edge):
    old = {"at": clock.now() - timedelta(days=8)}
    record(company, edge, (who(company), "deploy", old), (who(company), "deploy", {}))
    replay = ask(company, make_proposal(company, cedar=DEPLOY), days=7)
    work(company, replay)
    assert told(company, replay)["total"] == 1


def test_coverage_says_what_the_log_lacks(company, edge):
    record(company, edge, (who(company), "deploy", {}), dropped=12)
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    work(company, replay)
    coverage = told(company, replay)["coverage"]
    assert (coverage["recorded"], coverage["dropped"]) == (1, 12)
    assert (coverage["sample_percent"], coverage["masked"]) == (100.0, [])
    page = browser(company, "tenant_admin").get(f"/proposals/replays/{replay.id}/")
    assert "Agents lost 12 decisions" in page.content.decode()


def test_lines_are_exported(company, edge):
    record(company, edge, (who(company), "deploy", {}))
    proposal = make_proposal(company, cedar=DEPLOY)
    replay = ask(company, proposal)
    work(company, replay)
    url = f"/proposals/replays/{replay.id}/?format=csv"
    text = browser(company, "tenant_admin").get(url).content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["outcome"], row["principal"], row["count"]) == (
        "newly_allowed",
        who(company),
        "1",
    )


def test_one_replay_at_a_time_and_only_while_pending(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    replay = ask(company, proposal)
    with pytest.raises(Conflict, match="under way already"):
        ask(company, proposal)
    with company.acting("architect"):
        withdraw_proposal(proposal_id=proposal.id)
    with pytest.raises(Conflict, match="already withdrawn"):
        ask(company, proposal)
    assert work(company, replay) is True
    assert kept(company, replay).failure == running.REVISED


@pytest.mark.parametrize("days", [0, 366])
def test_days_out_of_range_are_named(company, days):
    proposal = make_proposal(company, cedar=DEPLOY)
    with pytest.raises(Invalid) as error:
        ask(company, proposal, days=days)
    assert error.value.fields == {"days": ["Choose from 1 to 365 days."]}
    with company.acting("admin"):
        assert Replay.objects.count() == 0


def test_who_may_not_see_decisions_may_not_replay_them(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    with pytest.raises(Forbidden):
        ask(company, proposal, by="developer")
    replay = ask(company, proposal)
    client = browser(company, "developer")
    assert client.get(f"/api/v1/replays/{replay.id}").status_code == 403
    assert 'id="replay"' not in client.get(f"/proposals/{proposal.id}/").content.decode()


def test_a_replay_is_stopped_and_keeps_nothing(company, edge, monkeypatch):
    record(company, edge, *[(who(company), "deploy", {})] * 3)
    monkeypatch.setattr(running, "PAGE", 1)
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    judged = Judge.judge_many

    def stop(self, rows):
        if kept(company, replay).state == ReplayState.RUNNING:
            with company.acting("architect"):
                cancel_replay(replay_id=replay.id)
        return judged(self, rows)

    monkeypatch.setattr(Judge, "judge_many", stop)
    assert work(company, replay) is False
    ended = kept(company, replay)
    assert (ended.state, ended.report) == (ReplayState.CANCELLED, {})
    with pytest.raises(Conflict, match="already cancelled"), company.acting("architect"):
        cancel_replay(replay_id=replay.id)


def test_two_workers_do_not_share_a_replay_and_a_dead_ones_is_taken_over(
    committed_company, django_db_blocker
):
    company = committed_company
    with django_db_blocker.unblock():
        replay = ask(company, make_proposal(company, cedar=DEPLOY))
        with acting_as(company.service("analysis")):
            advance_replay(replay_id=replay.id, lease=uuid7(), values={})
        assert work(company, replay) is False
        assert (company.tenant_id, replay.id) not in running.find_waiting()
        with acting_as(company.service("analysis")):
            Replay.objects.update(lease_until=clock.now() - timedelta(seconds=1))
        assert (company.tenant_id, replay.id) in running.find_waiting()
        assert work(company, replay) is True
        done = kept(company, replay)
        assert (done.state, done.attempts) == (ReplayState.DONE, 2)


def test_after_three_workers_died_it_failed_with_the_reason(company):
    replay = ask(company, make_proposal(company, cedar=DEPLOY))
    with acting_as(company.service("analysis")):
        Replay.objects.update(attempts=3)
    assert work(company, replay) is True
    assert (kept(company, replay).state, kept(company, replay).failure) == (
        ReplayState.FAILED,
        running.STOPPED,
    )


def test_a_result_says_that_the_proposal_was_revised_since(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    replay = ask(company, proposal)
    work(company, replay)
    assert told(company, replay)["outdated"] == ""
    make_active(company, name="another", cedar=NO_DEPLOY)
    assert told(company, replay)["outdated"].startswith("Other policies came into force")


def test_the_proposals_page_starts_a_replay_and_follows_it(company):
    proposal = make_proposal(company, cedar=DEPLOY)
    client = browser(company, "architect")
    address = f"/proposals/{proposal.id}/"
    assert "Nobody replayed recorded decisions" in client.get(address).content.decode()
    client.post(f"{address}replay/", {"days": "7"})
    page = client.get(address).content.decode()
    assert "decisions of the last 7 days" in page
    with company.acting("admin"):
        replay = Replay.objects.get()
    client.post(f"/proposals/replays/{replay.id}/cancel/")
    assert kept(company, replay).state == ReplayState.CANCELLED
    assert "The last replay was stopped." in client.get(address).content.decode()


def test_no_more_lines_are_kept_than_may_be_but_all_are_counted():
    tally = Tally(limit=1)
    rows = [_row(principal=f'User::"{at}"') for at in (1, 2, 2)]
    tally.add([(row, ReplayOutcome.NEWLY_DENIED) for row in rows])
    report = tally.as_json()
    assert (len(report["lines"]), report["beyond"], report["counts"]["newly_denied"]) == (1, 2, 3)


def test_slicing_finds_exactly_what_asking_every_policy_finds(company):
    pick = random.Random(8)
    with company.acting("admin"):
        schema, entities = agent_schema(), organization_today()
    people = [one["uid"]["id"] for one in entities if one["uid"]["type"] == "User"]
    places = [one["uid"]["id"] for one in entities if one["uid"]["type"] == "Scope"]
    for _ in range(20):
        change = _change(pick, people, places)
        rows = [_row(**_asked(pick, people, places)) for _ in range(30)]
        sides = [_plain(bodies, schema, entities, rows) for bodies in (change.base, change.after)]
        wanted = [_expected(*pair) for pair in zip(*sides, strict=True)]
        assert Judge(change, schema=schema, entities=entities).judge_many(rows) == wanted


def _change(pick, people, places):
    bodies = [_body(f"p{at}", _statement(pick, people, places)) for at in range(6)]
    after = [*bodies[1:], _body("p0", _statement(pick, people, places))]
    return Change(id="p0", base=tuple(bodies), after=tuple(after))


def _body(name, cedar):
    return Body(id=name, cedar=cedar, mode=Mode.OPTIONAL, path=("c",))


def _statement(pick, people, places):
    one = f'principal == User::"{pick.choice(people)}"'
    principal = pick.choice(["principal", "principal is User", one])
    action = pick.choice(["action", 'action == Action::"deploy"', 'action in Action::"read"'])
    resource = pick.choice(["resource", f'resource in Scope::"{pick.choice(places)}"'])
    effect = pick.choice(["permit", "permit", "forbid"])
    when = pick.choice(["", " when { context has mfa && context.mfa }"])
    return f"{effect} ({principal}, {action}, {resource}){when};"


def _asked(pick, people, places):
    place = pick.choice(places)
    file = {"type": "File", "id": "plan"}
    brought = {"uid": file, "attrs": {}, "parents": [{"type": "Scope", "id": place}]}
    asked = pick.choice(
        [
            {"action": 'Action::"deploy"', "resource": f'Scope::"{place}"'},
            {"action": 'Action::"read_file"', "resource": 'File::"plan"'},
            {
                "action": 'Action::"write_file"',
                "resource": 'File::"plan"',
                "entities": json.dumps([brought]),
            },
        ]
    )
    return {
        "principal": f'User::"{pick.choice(people)}"',
        "context": pick.choice(["{}", '{"mfa": true}']),
        **asked,
    }


def _row(**changes):
    values = {
        "id": uuid7(), "decided_at": clock.now(), "principal": 'User::"ann"',
        "action": 'Action::"deploy"', "resource": 'Scope::"c"', "context": "{}",
        "entities": "[]", "decision": "Deny", "is_cut": False, "agent": "edge",
    }  # fmt: skip
    return RecordedRequest(**{**values, **changes})


def _plain(bodies, schema, entities, rows):
    handle = cedarpy.Schema.from_str(schema)
    policies = cedarpy.PolicySet.from_str("\n".join(body.cedar for body in bodies))
    return [_allowed(row, policies, entities, handle) for row in rows]


def _allowed(row, policies, entities, handle):
    names = ("principal", "action", "resource", "context")
    request = {name: getattr(row, name) for name in names}
    every = json.dumps([*entities, *json.loads(row.entities)])
    store = cedarpy.Entities.from_json_str(every, handle)
    return cedarpy.is_authorized(request, policies, store, handle).allowed


def _expected(before, after):
    if before == after:
        return ReplayOutcome.SAME
    return ReplayOutcome.NEWLY_ALLOWED if after else ReplayOutcome.NEWLY_DENIED
