"""The decision log as the portal keeps it: stored once, found, shown, configured and removed."""

import json
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from apps.events.models import Event
from apps.fleet import operations, queries
from apps.fleet.frames import BadFrame, Decisions, parse_frame
from apps.fleet.models import CedarAgent, Decision
from apps.fleet.queries import DecisionCriteria
from apps.fleet.retention import remove_in_every_company
from apps.kernel import clock
from apps.kernel.errors import Forbidden, Invalid
from apps.kernel.tenancy import acting_as
from apps.policies.queries import load_bundle
from tests.web.sign_in import browser

from .test_live import enroll, hello, publish, said, socket

LOG = "a" * 32


def entry(sequence: int = 1, **changes):
    told = {
        "sequence": sequence,
        "at": "2026-10-01T12:00:00.123+00:00",
        "revision": 1,
        "principal": 'User::"ann"',
        "action": 'Action::"read_file"',
        "resource": 'File::"plan"',
        "context": {"mfa": True},
        "entities": [],
        "decision": "Allow",
        "reason": ["p"],
        "errors": [],
        "staleness": "fresh",
        "is_cut": False,
    }
    return {**told, **changes}


def frame(*entries, **changes) -> str:
    told = {"type": "decisions", "log": LOG, "dropped": 0, "entries": list(entries or [entry()])}
    return json.dumps({**told, **changes})


def record(company, agent, *entries, dropped=0, log=LOG):
    parsed = parse_frame(frame(*entries, log=log))
    assert isinstance(parsed, Decisions)
    with acting_as(company.service("fleet")):
        return operations.record_decisions(
            agent_id=agent.id, log=parsed.log, dropped=dropped, entries=parsed.entries
        )


def test_an_entry_told_twice_is_stored_once(company):
    agent, _ = enroll(company)
    assert record(company, agent, entry(1), entry(2)) == 2
    assert record(company, agent, entry(2), entry(3), dropped=4) == 3
    with company.acting("admin"):
        assert sorted(Decision.objects.values_list("sequence", flat=True)) == [1, 2, 3]
        assert CedarAgent.objects.get(id=agent.id).decisions_dropped == 4
        assert Event.objects.filter(type="decision.recorded").count() == 2


def test_the_same_number_of_another_run_is_another_decision(company):
    agent, _ = enroll(company)
    record(company, agent, entry(1))
    record(company, agent, entry(1), log="b" * 32)
    with company.acting("admin"):
        assert Decision.objects.count() == 2


def test_what_postgres_cannot_store_is_replaced_and_the_rest_kept(company):
    agent, _ = enroll(company)
    record(company, agent, entry(context={"a\x00": "b\x00", "c": "\ud800"}))
    with company.acting("admin"):
        assert Decision.objects.get().context == {"a\ufffd": "b\ufffd", "c": "?"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (frame(entry(sequence=0)), "entries[0]: sequence: not a number from 1"),
        (frame(entry(at="yesterday")), "entries[0]: at: not a time with its zone"),
        (
            frame(entry(), entry(decision="Maybe")),
            "entries[1]: decision: choose one of Allow, Deny",
        ),
        (frame(entry(context=[])), "entries[0]: context: not a dict"),
        (frame(entry(reason=[1])), "entries[0]: reason: not a list of at most 100 texts"),
        (frame(entry(principal="")), "entries[0]: principal: not a text of at most 512 characters"),
        (frame(log="../x"), "log: not 32 hexadecimal digits"),
        (frame(dropped=-1), "dropped: not a number from 0"),
        (frame(entries=[]), "entries: from 1 to 500"),
        (frame(entry(context={"a": float("nan")})), "the frame is not JSON"),
        (frame().replace("true", "1e999"), "entries[0]: a number is too large"),
    ],
)
def test_a_wrong_frame_says_what_is_wrong(text, problem):
    with pytest.raises(BadFrame) as caught:
        parse_frame(text)
    assert str(caught.value) == problem


def test_decisions_are_found_by_whole_uid_part_decision_agent_and_time(company):
    agent, _ = enroll(company)
    record(
        company,
        agent,
        entry(1),
        entry(2, principal='User::"anna"', decision="Deny", at="2026-10-02T12:00:00+00:00"),
    )

    def found(**criteria):
        rows = queries.find_decisions(DecisionCriteria(**criteria))
        return list(rows.values_list("sequence", flat=True))

    with company.acting("admin"):
        assert found() == [2, 1]
        assert found(principal='User::"ann"') == [1]
        assert found(principal="ann") == [2, 1]
        assert found(decision="Deny") == [2]
        assert found(resource="plan", action="read", agent_id=agent.id) == [2, 1]
        moment = Decision.objects.get(sequence=2).decided_at
        assert found(since=moment) == [2]
        assert found(until=moment) == [1]


def test_what_was_kept_long_enough_is_removed_and_the_rest_stays(committed_company):
    company = committed_company
    agent, _ = enroll(company)
    now = clock.now()
    old, fresh = now - timedelta(days=8), now - timedelta(days=6)
    record(company, agent, entry(1, at=old.isoformat()), entry(2, at=fresh.isoformat()))
    with company.acting("admin"):
        operations.configure_decision_log(sample_percent=100, masked=[], keep_days=7)
    assert remove_in_every_company() == 1
    with company.acting("admin"):
        assert list(Decision.objects.values_list("sequence", flat=True)) == [2]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sample_percent": 101}, "sample_percent"),
        ({"keep_days": 0}, "keep_days"),
        ({"masked": ["x" * 121]}, "masked"),
    ],
)
def test_rules_out_of_range_are_refused_and_nothing_changes(company, changes, field):
    wanted = {"sample_percent": 10, "masked": ["Card "], "keep_days": 7}
    with company.acting("admin"):
        operations.configure_decision_log(**wanted)
        with pytest.raises(Invalid) as caught:
            operations.configure_decision_log(**{**wanted, **changes})
        assert list(caught.value.fields) == [field]
        rules = queries.decision_log_rules()
        assert (rules.sample_percent, rules.masked, rules.keep_days) == (10, ["card"], 7)


def test_an_architect_cannot_change_the_rules(company):
    with pytest.raises(Forbidden), company.acting("architect"):
        operations.configure_decision_log(sample_percent=0, masked=[], keep_days=1)
    with company.acting("admin"):
        assert queries.decision_log_rules().sample_percent == 100


async def test_an_agent_hears_the_rules_and_its_decisions_are_acknowledged(committed_company):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    welcome = await said(communicator)
    assert welcome["decision_log"] == {"sample_percent": 100, "masked": []}
    await said(communicator)
    await communicator.send_to(frame(entry(1), entry(2)))
    assert await said(communicator) == {"type": "recorded", "log": LOG, "sequence": 2}
    await communicator.disconnect()

    def stored() -> int:
        with company.acting("admin"):
            return Decision.objects.count()

    assert await sync_to_async(stored)() == 2


def test_the_pages_list_tell_why_and_export(company):
    agent, _ = enroll(company)
    revision = publish(company)
    with company.acting("admin"):
        policy = load_bundle(revision).policies[0]
    record(company, agent, entry(revision=revision, reason=[policy["id"]]))
    with company.acting("admin"):
        decision = Decision.objects.get()
    client = browser(company, "admin")
    listed = client.get("/fleet/decisions/?principal=ann")
    assert "User::&quot;ann&quot;" in listed.content.decode()
    assert "No decision" in client.get("/fleet/decisions/?principal=bob").content.decode()
    why = client.get(f"/fleet/decisions/{decision.id}/").content.decode()
    assert f"/policies/{policy['id']}/versions/{policy['version']}/" in why
    assert "&quot;mfa&quot;: true" in why
    file = b"".join(client.get("/fleet/decisions/?format=csv").streaming_content).decode()
    assert file.splitlines()[1].startswith(str(decision.id))
    assert browser(company, "developer").get("/fleet/decisions/").status_code == 403
