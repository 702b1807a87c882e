"""WebSockets, tasks and handlers: each found by itself, none works without a proven tenant."""

import json
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test.utils import CaptureQueriesContext

from aeterna_portal.asgi import application
from aeterna_portal.celery import app as celery
from aeterna_portal.routes import websocket_routes
from apps.events.subscriptions import SUBSCRIPTIONS
from apps.events.types import Happened
from apps.fleet.entrypoints import opal_live
from apps.fleet.operations import enroll_agent, revoke_agent
from apps.kernel.errors import NoActor
from apps.kernel.ids import uuid7
from apps.kernel.tokens import mint
from tests.tenancy.population import tenant_models

pytestmark = [pytest.mark.gap("MT-C1"), pytest.mark.gap("MT-H3")]
# Every WebSocket route with how it knows who calls; a new one must be attacked here too.
ROUTES = {
    "ws/agents/v1": "the token of a Cedar agent",
    "opal/ws": "the token of an OPAL client",
    "ws/live": "the session of a browser, from the portal's own origin",
}
# Every task with the reason why it may run without an actor.
TASKS = {
    "events.deliver_due": "opens each delivery's own tenant through the relay",
    "fleet.watch_agents": "opens each company's own tenant through the timekeeper",
    "fleet.remove_old_decisions": "opens each company's own tenant through the timekeeper",
    "notifications.send_letters": "opens each letter's own tenant through the relay",
    "notifications.send_digests": "opens each person's own tenant through the timekeeper",
    "webhooks.send_due": "reads only for which webhooks something is due, then a task for each",
    "webhooks.send": "acts as the relay in the tenant it is told, on a webhook of that tenant",
    "policies.end_due_break_glasses": "opens each break-glass's own tenant through the timekeeper",
    "policies.end_due_rollbacks": "opens each rollback's own tenant through the timekeeper",
    "proposals.tick": "opens each proposal's own tenant through the timekeeper",
    "policies.analyze": "acts as the analysis in the tenant it is told, on a policy of that tenant",
    "policies.reword": "acts as the analysis in the tenant it is told, on an intent of that tenant",
    "proposals.analyze_all_waiting": "reads only which tenants wait, then a task for each",
    "proposals.analyze_waiting": "acts as the analysis in the tenant it is told",
    "proposals.replay": "acts as the analysis in the tenant it is told, on a replay of that tenant",
    "proposals.resume_replays": "reads only which replays wait, then a task for each",
    "proposals.shadow": "acts as the analysis in the tenant it is told, on a shadow of that tenant",
    "proposals.advance_shadows": "reads only which shadows run, then a task for each",
    "identity.end_expired_sessions": "sessions are no tenant's table; it ends the expired",
}
ROUTE_NAMES = sorted(str(route.pattern) for route in websocket_routes())
ORIGIN = (b"origin", b"http://testserver")


def test_every_route_and_task_is_classified():
    assert set(ROUTE_NAMES) <= set(ROUTES)
    celery.loader.import_default_modules()
    assert {name for name in celery.tasks if not name.startswith("celery.")} <= set(TASKS)


def _strangers(victim_id):
    return {
        "nobody": [],
        "a stranger with the victim's id": [
            (b"authorization", f"Bearer aet_c_{victim_id.hex}_{'x' * 43}".encode())
        ],
        "a new token of the victim": [
            (b"authorization", f"Bearer {mint(kind='c', tenant_id=victim_id).text}".encode())
        ],
        "a token without form": [(b"authorization", b"Bearer \xff\xfe aet_c__")],
        "a made-up session": [(b"cookie", b"aeterna_session=" + uuid4().hex.encode())],
        "another origin": [(b"origin", b"https://evil.example")],
    }


@pytest.mark.parametrize("route", ROUTE_NAMES)
@pytest.mark.parametrize("who", list(_strangers(uuid7())))
async def test_a_stranger_on_a_socket_hears_nothing_and_is_closed(
    route, who, committed_company, monkeypatch
):
    # Strangers on OPAL's socket are closed late on purpose.
    monkeypatch.setattr(opal_live, "HOLD_SECONDS", 0.0)
    headers = _strangers(committed_company.tenant_id)[who]
    if not any(name == b"origin" for name, _ in headers):
        headers = [*headers, ORIGIN]
    socket = WebsocketCommunicator(application, f"/{route}", headers=headers)
    is_accepted, _ = await socket.connect(timeout=5)
    if is_accepted:
        heard = await _until_closed(socket)
        assert committed_company.slug not in heard
        assert str(committed_company.tenant_id) not in heard
        assert "snapshot" not in heard
    await socket.disconnect()


async def _until_closed(socket):
    """Return all that was said before the close; a socket that stays open fails."""
    heard = ""
    for _ in range(5):
        message = await socket.receive_output(timeout=5)
        if message["type"] == "websocket.close":
            return heard
        heard += message.get("text") or ""
    raise AssertionError("the socket was not closed")


@pytest.mark.parametrize("secret", ["nothing", "a token for another kind", "a revoked token"])
async def test_a_token_of_the_wrong_sort_opens_no_socket(secret, committed_company, monkeypatch):
    text = await sync_to_async(_token)(committed_company, secret)
    headers = [(b"authorization", f"Bearer {text}".encode())]
    socket = WebsocketCommunicator(application, "/ws/agents/v1", headers=headers)
    assert (await socket.connect(timeout=5))[0]
    frame = json.loads((await socket.receive_output(timeout=5))["text"])
    assert frame["type"] == "error"
    closed = await socket.receive_output(timeout=5)
    expected = 4403 if secret == "a revoked token" else 4401
    assert (closed["type"], closed["code"]) == ("websocket.close", expected)
    await socket.disconnect()


def _token(company, secret):
    if secret == "nothing":
        return ""
    if secret == "a token for another kind":
        return mint(kind="p", tenant_id=company.tenant_id).text
    with company.acting("admin"):
        agent, text = enroll_agent(name="edge")
        revoke_agent(agent_id=agent.id)
    return text


@pytest.mark.django_db(databases=["default", "platform"])
@pytest.mark.parametrize("name", sorted(SUBSCRIPTIONS))
def test_a_handler_outside_a_tenants_scope_reads_no_tenants_table(name):
    happened = Happened(
        id=uuid7(),
        tenant_id=uuid7(),
        type=min(SUBSCRIPTIONS[name].types, default="policy.activated"),
        resource_type="Scope",
        resource_id=str(uuid7()),
        scope_id=uuid7(),
        payload={"revision": 1, "shadow_id": str(uuid7())},
    )
    with CaptureQueriesContext(connections["default"]) as asked:
        try:
            SUBSCRIPTIONS[name].handle(happened)
        except NoActor:
            return
    tables = [model._meta.db_table for model in tenant_models()]
    statements = [query["sql"] for query in asked]
    assert [sql for sql in statements if any(f'"{table}"' in sql for table in tables)] == []
