"""What agents report at the same time is one piece of work, and one bad report fails no other."""

import asyncio
from uuid import uuid4

import pytest

from apps.events.models import Event
from apps.fleet import operations
from apps.fleet.entrypoints.batches import Batches
from apps.fleet.entrypoints.reports import Told, acknowledge, answer_beats
from apps.fleet.models import Acknowledgement, CedarAgent
from apps.fleet.types import Applied, Beat
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import acting_as
from apps.policies.queries import get_head

from .test_live import enroll, publish

HERE = uuid4()
DIGEST = "sha256:" + "0" * 64


def batches(seen, *, fails=None):
    """Batches that answer each number with its double, and keep what was worked on together."""

    async def work(_tenant_id, items):
        seen.append(list(items))
        await asyncio.sleep(0)
        if fails is not None and fails[0] in items:
            raise fails[1]
        return [item * 2 for item in items]

    return Batches(work)


async def test_what_is_asked_meanwhile_is_worked_on_together():
    seen = []
    asked = batches(seen)
    answers = await asyncio.gather(*(asked.ask(HERE, number) for number in range(5)))
    assert answers == [0, 2, 4, 6, 8]
    assert len(seen) < 5
    assert sorted(item for items in seen for item in items) == list(range(5))
    assert (asked._waiting, asked._running) == ({}, {})


async def test_companies_are_never_worked_on_together():
    seen = []
    asked = batches(seen)
    await asyncio.gather(*(asked.ask(uuid4(), number) for number in range(3)))
    assert sorted(seen) == [[0], [1], [2]]


async def test_one_that_is_refused_fails_no_other():
    asked = batches([], fails=(3, NotFound("There is no such Cedar agent.")))
    answers = await asyncio.gather(
        *(asked.ask(HERE, number) for number in range(5)), return_exceptions=True
    )
    assert [*answers[:3], answers[4]] == [0, 2, 4, 8]
    assert isinstance(answers[3], NotFound)


async def test_what_is_out_of_reach_is_told_to_all_at_once():
    seen = []
    asked = batches(seen, fails=(3, OSError("away")))
    answers = await asyncio.gather(
        *(asked.ask(HERE, number) for number in range(5)), return_exceptions=True
    )
    assert all(isinstance(answer, OSError) for answer in answers[3:])
    assert len(seen) <= 2


async def test_who_is_cut_meanwhile_holds_up_nobody():
    asked = batches([])
    waiting = [asyncio.create_task(asked.ask(HERE, number)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert (answers[0], answers[2]) == (0, 4)
    assert isinstance(answers[1], asyncio.CancelledError)


def connected(company, name):
    agent, _ = enroll(company, name)
    with company.acting("admin"):
        CedarAgent.objects.filter(id=agent.id).update(connection=f"{name} connection")
    return agent


def test_acknowledgements_of_many_agents_are_each_on_record(company):
    agents = [connected(company, name) for name in ("one", "two", "three")]
    told = [
        Told(1, DIGEST, Applied(agents[0].id, 1.5, "one connection")),
        Told(1, DIGEST, Applied(agents[1].id, 2.5, "an older connection")),
        Told(2, DIGEST, Applied(agents[2].id, 3.5, "three connection")),
    ]
    assert acknowledge(company.tenant_id, told) == [True, False, True]
    with company.acting("admin"):
        rows = CedarAgent.objects.order_by("created_at")
        assert list(rows.values_list("revision", flat=True)) == [1, 0, 2]
        noted = Acknowledgement.objects.order_by("revision")
        assert list(noted.values_list("agent_id", "applied_ms")) == [
            (agents[0].id, 1.5),
            (agents[2].id, 3.5),
        ]
        events = Event.objects.filter(type="cedar_agent.acknowledged").order_by("id")
        assert [event.resource_name for event in events] == ["one", "three"]


def test_another_companys_agent_is_not_acknowledged_for(company, other_company):
    ours, theirs = connected(company, "ours"), connected(other_company, "theirs")
    answers = [Applied(ours.id, 1.0), Applied(theirs.id, 1.0)]
    with pytest.raises(NotFound):
        acknowledge(company.tenant_id, [Told(1, DIGEST, answer) for answer in answers])
    for place in (company, other_company):
        with place.acting("admin"):
            assert CedarAgent.objects.get().revision == 0
            assert not Acknowledgement.objects.exists()


def test_heartbeats_are_answered_with_leases_over_the_newest_connection_only(company):
    publish(company)
    one, two = connected(company, "one"), connected(company, "two")
    beats = [
        Beat(one.id, "one connection", 1, DIGEST, "asked"),
        Beat(two.id, "an older connection", 1, DIGEST, "asked"),
        Beat(two.id, "two connection", 2, DIGEST, None),
    ]
    first, second, third = answer_beats(company.tenant_id, beats)
    assert second is None
    with company.acting("admin"):
        head = get_head()
        assert (first.head, third.head) == ((head.number, head.digest),) * 2
        assert first.lease
        assert third.lease is None
        rows = dict(CedarAgent.objects.values_list("name", "revision"))
        assert rows == {"one": 1, "two": 2}


def test_no_answer_that_counts_is_a_replaced_connection(company):
    agent = connected(company, "one")
    late = Applied(agent.id, 1.0, "an older connection")
    assert acknowledge(company.tenant_id, [Told(1, DIGEST, late)]) == [False]
    with acting_as(company.service("fleet")), pytest.raises(operations.Replaced):
        operations.acknowledge_revision(revision=1, digest=DIGEST, answers=[late])
