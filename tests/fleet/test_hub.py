"""What is new is read once and told to everybody, without waiting for anybody or for Redis."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from aeterna_portal.asgi import application
from apps.fleet.entrypoints import hub as hubs
from apps.fleet.entrypoints import live
from apps.fleet.models import CedarAgent
from apps.kernel import hints
from tests.factories.company import TestCompany

from .test_live import enroll, hello, publish, said, socket, talking


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every time that a company's newest revision was read for its agents."""
    seen: list[Any] = []
    read = hubs._read

    async def counted(tenant_id: Any) -> Any:
        seen.append(tenant_id)
        return await read(tenant_id)

    monkeypatch.setattr(hubs, "_read", counted)
    return seen


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    yield
    hints._clients.pop("redis://127.0.0.1:1/0", None)


async def test_a_revision_is_read_once_for_all_agents_of_a_company(committed_company, reads):
    company = committed_company
    tokens = [await sync_to_async(enroll)(company, f"edge-{at}") for at in range(5)]
    agents = [await talking(token) for _, token in tokens]
    before = len(reads)
    revision = await sync_to_async(publish)(company)
    for agent in agents:
        while (frame := await said(agent))["revision"] < revision:
            pass
        assert frame["type"] == "snapshot"
    # Publishing and what follows from it may be two revisions; the agents are five.
    assert len(reads) - before <= revision
    for agent in agents:
        await agent.disconnect()


async def test_agents_come_and_are_told_though_redis_is_away(committed_company, without_redis):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    agent = await talking(token)
    revision = await sync_to_async(publish)(company)
    while (await said(agent))["revision"] < revision:
        pass
    await agent.disconnect()


async def test_a_company_without_connections_is_not_looked_at(committed_company, reads):
    _, token = await sync_to_async(enroll)(committed_company)
    agent = await talking(token)
    await agent.disconnect()
    await agent.wait()
    hub = hubs.hub()
    assert (dict(hub._listeners), hub._known, hub._tasks) == ({}, {}, [])


async def test_an_agent_that_takes_nothing_is_cut_and_holds_up_nobody(
    committed_company, monkeypatch
):
    company = committed_company
    monkeypatch.setattr(live, "DRAIN_SECONDS", 0.2)
    frozen, token = await sync_to_async(enroll)(company, "frozen")
    _, other_token = await sync_to_async(enroll)(company, "healthy")
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    welcomed = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        kind = json.loads(message["text"])["type"] if "text" in message else ""
        if kind == "up_to_date":
            welcomed.set()
        if kind == "snapshot":
            await asyncio.Event().wait()

    scope = {**socket(token).scope, "client": ["127.0.0.1", 1]}
    serving = asyncio.create_task(application(scope, incoming.get, send))
    await incoming.put({"type": "websocket.connect"})
    await incoming.put({"type": "websocket.receive", "text": hello()})
    await welcomed.wait()
    healthy = await talking(other_token)
    revision = await sync_to_async(publish)(company)
    while (await said(healthy))["revision"] < revision:
        pass
    await asyncio.wait_for(serving, 20)
    assert (await sync_to_async(row)(company, frozen)).connection == ""
    await healthy.disconnect()


async def test_an_agent_that_went_without_a_word_is_no_fault_of_the_portal(
    committed_company, caplog
):
    company = committed_company
    gone, token = await sync_to_async(enroll)(company)
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    failed = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if "text" in message:
            failed.set()
            raise OSError("the socket is closed")

    scope = {**socket(token).scope, "client": ["127.0.0.1", 1]}
    serving = asyncio.create_task(application(scope, incoming.get, send))
    await incoming.put({"type": "websocket.connect"})
    await incoming.put({"type": "websocket.receive", "text": hello()})
    await failed.wait()
    await incoming.put({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait_for(serving, 20)
    assert (await sync_to_async(row)(company, gone)).connection == ""
    assert caplog.records == []


def row(company: TestCompany, agent: CedarAgent) -> CedarAgent:
    with company.acting("admin"):
        return CedarAgent.objects.get(id=agent.id)
