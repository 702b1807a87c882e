"""Agents' connections among failures: they end in order, and nobody's state becomes wrong."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import OperationalError

from apps.fleet import operations
from apps.fleet.models import Acknowledgement, CedarAgent
from apps.fleet.queries import standing_of
from apps.fleet.types import AgentHealth
from apps.kernel import clock
from apps.kernel.telemetry import CONNECTED_AGENTS
from apps.policies import queries as policies
from tests.factories.company import TestCompany
from tests.fleet.test_live import enroll, hello, publish, said, socket

from .together import Lock, row_locked

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def connected() -> float:
    return CONNECTED_AGENTS.collect()[0].samples[0].value


def row(company: TestCompany, agent: CedarAgent) -> CedarAgent:
    with company.acting("admin"):
        return CedarAgent.objects.get(id=agent.id)


def beat(revision: int = 0, digest: str | None = None) -> str:
    return json.dumps({"type": "heartbeat", "revision": revision, "digest": digest})


def ack(revision: int, digest: str) -> str:
    return json.dumps({"type": "ack", "revision": revision, "digest": digest, "applied_ms": 1})


async def greeted(token: str, **changes: object) -> WebsocketCommunicator:
    communicator = socket(token)
    assert (await communicator.connect())[0]
    await communicator.send_to(hello(**changes))
    assert (await said(communicator))["type"] == "welcome"
    return communicator


async def closed(communicator: WebsocketCommunicator) -> int:
    while (message := await communicator.receive_output(timeout=10))["type"] != "websocket.close":
        pass
    return message["code"]


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make an operation fail as it does while the database is away."""

    def down(*_given: object, **_arguments: object) -> None:
        raise OperationalError("the connection is lost")

    return lambda name: monkeypatch.setattr(operations, name, down)


@pytest.mark.parametrize("name", ["note_heartbeats", "acknowledge_revision", "refuse_revision"])
async def test_a_frame_while_the_database_is_away_ends_with_1013(
    committed_company, unreachable, name
):
    before = connected()
    agent, token = await sync_to_async(enroll)(committed_company)
    communicator = await greeted(token)
    assert connected() == before + 1
    unreachable(name)
    nack = {"type": "nack", "revision": 1, "digest": NEW, "stage": "parse", "error": "e"}
    frames = {
        "note_heartbeats": beat(),
        "acknowledge_revision": ack(1, NEW),
        "refuse_revision": json.dumps(nack),
    }
    await communicator.send_to(frames[name])
    assert await closed(communicator) == 1013
    await communicator.disconnect(1013)
    await communicator.wait()
    assert connected() == before
    fresh = await sync_to_async(row)(committed_company, agent)
    assert (fresh.connection, fresh.revision, fresh.digest) == ("", 0, None)


async def test_a_hello_while_the_database_is_away_ends_with_1013(committed_company, unreachable):
    before = connected()
    _, token = await sync_to_async(enroll)(committed_company)
    unreachable("connect_agent")
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    assert await closed(communicator) == 1013
    await communicator.disconnect(1013)
    await communicator.wait()
    assert connected() == before


async def test_a_goodbye_while_the_database_is_away_still_ends(committed_company, unreachable):
    before = connected()
    _, token = await sync_to_async(enroll)(committed_company)
    communicator = await greeted(token)
    unreachable("note_disconnect")
    await communicator.disconnect()
    await communicator.wait()
    assert connected() == before


async def test_a_fault_of_ours_does_not_leave_the_agent_counted(committed_company, monkeypatch):
    before = connected()
    _, token = await sync_to_async(enroll)(committed_company)
    communicator = await greeted(token)

    def broken(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(operations, "note_heartbeats", broken)
    await communicator.send_to(beat())
    with pytest.raises(ZeroDivisionError):
        await communicator.wait()
    assert connected() == before


async def test_frames_after_the_end_change_nothing(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    communicator = await greeted(token)
    await communicator.send_to("not json")
    await communicator.send_to(ack(7, NEW))
    await communicator.send_to(beat(7, NEW))
    assert await closed(communicator) == 4400
    await communicator.disconnect(4400)
    await communicator.wait()
    fresh = await sync_to_async(row)(company, agent)
    assert (fresh.revision, fresh.digest) == (0, None)


async def test_a_replaced_connection_can_report_nothing_any_more(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    first = await greeted(token)
    second = await greeted(token, revision=2, digest=NEW)
    await first.send_to(ack(1, OLD))
    assert await closed(first) == 4409
    nack = {"type": "nack", "revision": 3, "digest": OLD, "stage": "parse", "error": "old"}
    third = await greeted(token, revision=3, digest=NEW)
    await second.send_to(json.dumps(nack))
    assert await closed(second) == 4409
    await first.disconnect(4409)
    await second.disconnect(4409)

    def check() -> None:
        fresh = row(company, agent)
        assert (fresh.revision, fresh.digest, fresh.refusal) == (3, NEW, "")
        assert fresh.connection != ""
        with company.acting("admin"):
            assert Acknowledgement.objects.count() == 0

    await sync_to_async(check)()
    await third.disconnect()


@pytest.fixture
def stuck(committed_company: TestCompany) -> Iterator[tuple[CedarAgent, str, Lock]]:
    """An agent whose row somebody holds."""
    agent, token = enroll(committed_company, "stuck")
    with row_locked(committed_company.tenant_id, "fleet_cedaragent", agent.id) as lock:
        yield agent, token, lock


async def test_an_agent_that_must_wait_does_not_keep_others_waiting(committed_company, stuck):
    _, token = await sync_to_async(enroll)(committed_company, "free")
    free = await greeted(token)
    await said(free)
    waiting = socket(stuck[1])
    await waiting.connect()
    await waiting.send_to(hello())
    await sync_to_async(stuck[2].wait_for_waiter, thread_sensitive=False)()
    await free.send_to(beat())
    assert (await said(free))["type"] == "heartbeat"
    stuck[2].release()
    assert (await said(waiting))["type"] == "welcome"
    await free.disconnect()
    await waiting.disconnect()


async def test_a_lost_hint_is_healed_by_the_next_heartbeat(committed_company):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    communicator = await greeted(token)
    first = await said(communicator)
    revision = await sync_to_async(publish)(company)
    await communicator.send_to(beat(first.get("revision", 0), first.get("digest")))
    frames = [await said(communicator), await said(communicator)]
    # The hub's own look may be the first to heal it.
    frames.sort(key=lambda frame: frame["type"])
    assert [frame["type"] for frame in frames] == ["heartbeat", "snapshot"]

    def head() -> tuple[int, str | None]:
        with company.acting("admin"):
            found = policies.get_head()
            return found.number, found.digest

    assert frames[1]["revision"] == revision
    assert (frames[1]["revision"], frames[1]["digest"]) == await sync_to_async(head)()
    await communicator.disconnect()


async def test_an_agent_of_a_killed_portal_is_offline_when_it_stayed_silent(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    communicator = await greeted(token)

    def health(seconds: float) -> AgentHealth:
        fresh = row(company, agent)
        assert fresh.connection != ""
        with (
            company.acting("admin"),
            clock.at(fresh.last_heartbeat_at + timedelta(seconds=seconds)),
        ):
            return standing_of(fresh).health

    assert await sync_to_async(health)(14) != AgentHealth.OFFLINE
    assert await sync_to_async(health)(16) == AgentHealth.OFFLINE
    await communicator.disconnect()


async def test_the_end_of_an_old_connection_does_not_end_the_newer(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    first = await greeted(token)
    second = await greeted(token)
    newest = (await sync_to_async(row)(company, agent)).connection
    await first.disconnect()
    assert (await sync_to_async(row)(company, agent)).connection == newest != ""
    await second.disconnect()
    assert (await sync_to_async(row)(company, agent)).connection == ""
