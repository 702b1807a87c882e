"""The WebSocket of stock OPAL clients, spoken to as opal-client 0.9.9 speaks."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from aeterna_portal.asgi import application
from apps.fleet import operations
from apps.fleet.entrypoints import opal_live
from apps.fleet.types import AgentProtocol
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany

from .test_live import publish, said
from .test_live import socket as native_socket
from .test_opal import enroll, fresh, head_of


def socket(token: str) -> WebsocketCommunicator:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return WebsocketCommunicator(application, "/opal/ws", headers=headers)


async def call(communicator: WebsocketCommunicator, method: str, **arguments: Any) -> Any:
    """Ask as opal-client does and return the result, whatever is announced meanwhile."""
    request = {"method": method, "arguments": arguments, "call_id": method}
    await communicator.send_to(json.dumps({"request": request, "response": None}))
    while True:
        message = await heard(communicator)
        if message["response"] is not None:
            assert message["response"]["call_id"] == method
            assert message["request"] is None
            return message["response"]["result"], message["response"]["result_type"]


async def heard(communicator: WebsocketCommunicator) -> dict[str, Any]:
    return json.loads(await communicator.receive_from(timeout=10))


async def announced(communicator: WebsocketCommunicator) -> tuple[str, Any]:
    """Return the topic and data of the next announcement; pings pass."""
    while True:
        request = (await heard(communicator))["request"]
        if request["method"] == "notify":
            return request["arguments"]["subscription"]["topic"], request["arguments"]["data"]


async def connected(token: str, topic: str) -> WebsocketCommunicator:
    communicator = socket(token)
    assert (await communicator.connect())[0]
    assert await call(communicator, "_ping_") == ("pong", "str")
    assert await call(communicator, "subscribe", topics=[topic]) == (True, "bool")
    return communicator


async def test_both_connections_of_a_client_are_told_of_a_new_revision(committed_company, settings):
    settings.PUBLIC_URL = "https://portal.example"
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    for_policies = await connected(token, "policy:.")
    for_entities = await connected(token, "policy_data")
    number = await sync_to_async(publish)(company)

    while (news := await announced(for_policies))[1]["new_policy_hash"] != (
        head := await sync_to_async(head_of)(company)
    ).digest:
        pass
    assert news == (
        "policy:.",
        {
            "old_policy_hash": head.previous_digest or "none",
            "new_policy_hash": head.digest,
            "changed_directories": ["."],
        },
    )
    while (told := await announced(for_entities))[1]["reason"] != f"Revision {number}":
        pass
    assert told[0] == "policy_data"
    entry = told[1]["entries"][0]
    assert entry["url"] == f"https://portal.example/opal/data/entities?revision={number}"
    assert (entry["topics"], entry["dst_path"]) == (["policy_data"], "")
    assert (await sync_to_async(fresh)(company, agent)).connection
    await for_policies.disconnect()
    await for_entities.disconnect()
    await for_policies.wait()
    assert not (await sync_to_async(fresh)(company, agent)).connection


async def test_every_request_is_answered(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    client = await connected(token, "policy:.")
    topics = {"topics": ["__opal_stats_add"]}
    assert await call(client, "publish", **topics, data={}, sync=True) == (True, "bool")
    assert await call(client, "unsubscribe", topics=["policy:."]) == (True, "bool")
    assert await call(client, "subscribe", topics=["another:policy:."]) == (True, "bool")
    assert (await call(client, "_get_channel_id_"))[1] == "str"
    assert await call(client, "unheard_of") == (False, "bool")
    await client.disconnect()


@pytest.mark.parametrize("kind", ["unknown", "revoked", "own"])
async def test_who_is_refused_is_held_without_a_word_and_closed_late(
    committed_company, monkeypatch, kind
):
    token = await sync_to_async(_refused)(committed_company, kind)
    assert opal_live.HOLD_SECONDS >= 60
    monkeypatch.setattr(opal_live, "HOLD_SECONDS", 0.0)
    client = socket(token)
    assert (await client.connect())[0]
    await client.send_to('{"request": {"method": "_ping_", "call_id": "1"}, "response": null}')
    # The connection was accepted, the request was not answered.
    assert await client.receive_output(timeout=10) == {"type": "websocket.close", "code": 4401}


def _refused(company: TestCompany, kind: str) -> str:
    if kind == "unknown":
        return f"aet_c_{company.tenant_id.hex}_x"
    with acting_as(company.actor("admin")):
        if kind == "own":
            return operations.enroll_agent(name="own")[1]
        agent, token = operations.enroll_agent(name="lost", protocol=AgentProtocol.OPAL)
        operations.revoke_agent(agent_id=agent.id, reason="lost")
        return token


async def test_a_token_of_an_opal_client_is_unknown_to_the_agents_socket(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    agent = native_socket(token)
    await agent.connect()
    assert (await said(agent))["code"] == "unauthenticated"


async def test_a_second_client_with_the_same_token_takes_over(committed_company, monkeypatch):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    monkeypatch.setattr(opal_live, "HOLD_SECONDS", 0.0)
    monkeypatch.setattr(opal_live, "HEARTBEAT", opal_live.HEARTBEAT / 100)
    first = await connected(token, "policy:.")
    mine = (await sync_to_async(fresh)(company, agent)).connection
    second = await connected(token, "policy:.")
    theirs = (await sync_to_async(fresh)(company, agent)).connection
    assert len({mine, theirs, ""}) == 3
    while (message := await first.receive_output(timeout=10))["type"] != "websocket.close":
        call_id = json.loads(message["text"])["request"]["call_id"]
        pong = {"result": "pong", "result_type": "str", "call_id": call_id}
        await first.send_to(json.dumps({"request": None, "response": pong}))
    assert message["code"] == 4409
    assert (await sync_to_async(fresh)(company, agent)).connection == theirs
    await second.disconnect()
