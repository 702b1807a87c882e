"""The agents' WebSocket, spoken to as an agent would."""

import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from aeterna_portal.asgi import application
from apps.events.models import Event
from apps.events.relay import run_due
from apps.fleet import operations
from apps.fleet.models import CedarAgent
from apps.kernel.tenancy import acting_as
from apps.policies import operations as policies
from apps.policies import queries
from apps.proposals import operations as proposals
from tests.factories.company import TestCompany

PERMIT = 'permit (principal, action == Action::"read_file", resource);\n'


def enroll(company: TestCompany, name: str = "edge") -> tuple[CedarAgent, str]:
    with company.acting("admin"):
        return operations.enroll_agent(name=name)


def publish(company: TestCompany, name: str = "reading") -> int:
    with company.acting("architect"):
        draft = policies.draft_policy(scope_id=company.tenant_id, name=name, cedar=PERMIT)
        proposal = proposals.propose_policy(policy_id=draft.id, justification="needed")
    with company.acting("second_architect"):
        return proposals.approve_proposal(proposal_id=proposal.id).revision


def deliver_all() -> None:
    while run_due():
        pass


def socket(token: str) -> WebsocketCommunicator:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return WebsocketCommunicator(
        application, "/ws/agents/v1", headers=headers, subprotocols=["aeterna.agent.v1"]
    )


def hello(**changes: object) -> str:
    frame = {
        "type": "hello",
        "protocol": 1,
        "agent_version": "0.1.0",
        "cedar_version": "4.12",
        "revision": 0,
        "digest": None,
    }
    return json.dumps({**frame, **changes})


async def said(communicator: WebsocketCommunicator) -> dict:
    """Return the next frame, but for the keys, which come before what they signed."""
    frame = await heard(communicator)
    return await said(communicator) if frame["type"] == "keys" else frame


async def heard(communicator: WebsocketCommunicator) -> dict:
    return json.loads(await communicator.receive_from(timeout=10))


async def test_an_agent_is_sent_the_head_and_its_acknowledgement_is_recorded(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    revision = await sync_to_async(publish)(company)
    communicator = socket(token)
    assert (await communicator.connect())[0]
    await communicator.send_to(hello())
    assert (await said(communicator))["type"] == "welcome"
    snapshot = await said(communicator)
    assert snapshot["revision"] == revision
    assert [policy["name"] for policy in snapshot["policies"]] == ["reading"]
    ack = {"type": "ack", "revision": revision, "digest": snapshot["digest"], "applied_ms": 3}
    await communicator.send_to(json.dumps(ack))
    beat = {"type": "heartbeat", "revision": revision, "digest": snapshot["digest"]}
    await communicator.send_to(json.dumps(beat))
    assert (await said(communicator))["digest"] == snapshot["digest"]
    await communicator.disconnect()

    def check() -> None:
        with company.acting("admin"):
            fresh = CedarAgent.objects.get(id=agent.id)
            assert fresh.digest == queries.get_head().digest
            assert Event.objects.filter(type="cedar_agent.acknowledged").count() == 1

    await sync_to_async(check)()


async def test_a_connected_agent_is_told_of_a_new_revision(committed_company):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    assert (await said(communicator))["type"] == "welcome"
    await said(communicator)
    revision = await sync_to_async(publish)(company)
    await sync_to_async(deliver_all)()
    while (await said(communicator))["revision"] < revision:
        pass
    await communicator.disconnect()


@pytest.mark.parametrize("token", ["", "nonsense", "aet_c_00_x", "aet_c_" + "0" * 32 + "_x"])
async def test_an_unknown_token_is_closed_with_4401(committed_company, token):
    communicator = socket(token)
    await communicator.connect()
    assert (await said(communicator))["code"] == "unauthenticated"
    assert (await communicator.receive_output())["code"] == 4401


async def test_a_revoked_agent_is_closed_with_4403(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)

    def revoke() -> None:
        with acting_as(company.actor("admin")):
            operations.revoke_agent(agent_id=agent.id, reason="lost")

    await sync_to_async(revoke)()
    communicator = socket(token)
    await communicator.connect()
    assert (await said(communicator))["code"] == "revoked"
    assert (await communicator.receive_output())["code"] == 4403


async def talking(token: str) -> WebsocketCommunicator:
    """Return a socket of an agent that said hello and heard all there is to hear."""
    communicator = socket(token)
    assert (await communicator.connect())[0]
    await communicator.send_to(hello())
    assert [(await said(communicator))["type"] for _ in range(2)] == ["welcome", "up_to_date"]
    return communicator


def ends(company: TestCompany, agent: CedarAgent, how: str) -> None:
    """End an agent's token without a word to its connection, as when the hint is lost."""
    with company.acting("admin"):
        if how == "revoked":
            operations.revoke_agent(agent_id=agent.id, reason="lost")
        else:
            operations.rotate_token(agent_id=agent.id)


@pytest.mark.parametrize(("how", "code"), [("revoked", 4403), ("replaced", 4409)])
async def test_an_agent_ended_meanwhile_is_sent_no_new_revision(committed_company, how, code):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    communicator = await talking(token)
    await sync_to_async(ends)(company, agent, how)
    await sync_to_async(publish)(company)
    refusal = await said(communicator)
    assert (refusal["type"], refusal["code"]) == ("error", how)
    assert (await communicator.receive_output())["code"] == code
    assert await communicator.receive_nothing()


@pytest.mark.parametrize("frame", ["ack", "nack", "heartbeat"])
async def test_what_an_agent_revoked_meanwhile_reports_does_not_count(committed_company, frame):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    revision = await sync_to_async(publish)(company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    await said(communicator)
    digest = (await said(communicator))["digest"]
    await sync_to_async(ends)(company, agent, "revoked")
    values = {
        "ack": {"digest": digest, "applied_ms": 1},
        "nack": {"digest": digest, "stage": "policies", "policy": None, "error": "no"},
        "heartbeat": {"digest": digest},
    }
    await communicator.send_to(json.dumps({"type": frame, "revision": revision, **values[frame]}))
    assert (await said(communicator))["type"] == "error"
    assert (await communicator.receive_output())["type"] == "websocket.close"

    def check() -> None:
        with company.acting("admin"):
            fresh = CedarAgent.objects.get(id=agent.id)
            assert (fresh.revision, fresh.digest, fresh.refused_revision) == (0, None, None)
            assert not Event.objects.filter(type="cedar_agent.acknowledged").exists()

    await sync_to_async(check)()


async def test_an_agent_revoked_before_its_hello_is_told_nothing_else(committed_company):
    company = committed_company
    agent, token = await sync_to_async(enroll)(company)
    await sync_to_async(publish)(company)
    communicator = socket(token)
    await communicator.connect()
    await sync_to_async(ends)(company, agent, "revoked")
    await communicator.send_to(hello())
    assert (await said(communicator))["code"] == "revoked"
    assert (await communicator.receive_output())["code"] == 4403


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        ("{", "the frame is not JSON"),
        ("[]", "the frame is not an object"),
        ('{"type": "dance"}', "type: unknown"),
        (hello(protocol=9), "protocol: this portal speaks 1"),
        (hello(revision=-1), "revision: not a revision number"),
        (hello(revision=True), "revision: not a revision number"),
        (hello(digest="md5:1"), "digest: not a sha256 digest"),
        (hello(agent_version=3), "agent_version: not a text"),
        ('{"type": "heartbeat", "revision": 0, "digest": null}', "the first frame must be hello"),
    ],
)
async def test_a_malformed_frame_closes_with_4400_and_names_the_field(
    committed_company, frame, detail
):
    _, token = await sync_to_async(enroll)(committed_company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(frame)
    assert (await said(communicator))["detail"] == detail
    assert (await communicator.receive_output())["code"] == 4400


async def test_an_oversized_frame_closes_with_4413(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to("x" * 70_000)
    assert (await said(communicator))["code"] == "too_large"
    assert (await communicator.receive_output())["code"] == 4413


async def test_a_newer_connection_replaces_the_older(committed_company):
    _, token = await sync_to_async(enroll)(committed_company)
    older, newer = socket(token), socket(token)
    for communicator in (older, newer):
        await communicator.connect()
        await communicator.send_to(hello())
        await said(communicator)
        await said(communicator)
    await older.send_to('{"type": "heartbeat", "revision": 0, "digest": null}')
    assert (await said(older))["code"] == "replaced"
    assert (await older.receive_output())["code"] == 4409
    await newer.disconnect()
