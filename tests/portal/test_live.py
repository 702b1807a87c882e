"""The browsers' WebSocket: who is let in, what they are told, and when it ends."""

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings

from aeterna_portal.asgi import application
from apps.events.relay import run_due
from apps.identity.models import PlatformEntry
from apps.identity.operations import leave_tenant
from apps.kernel import clock
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs import operations as orgs
from apps.portal.entrypoints.live import BrowserConsumer
from tests.factories.company import TestCompany, make_company
from tests.identity.administrators import REASON, browser_in, set_platform, visitor
from tests.web.sign_in import browser, session_of

ORIGIN = "http://testserver"


def page(company: TestCompany, role: str, *, origin: str = ORIGIN) -> WebsocketCommunicator:
    return socket(session_of(company, role).session_key, origin=origin)


def socket(key: str, *, origin: str = ORIGIN) -> WebsocketCommunicator:
    cookie = f"other=1; {settings.SESSION_COOKIE_NAME}={key}"
    headers = [(b"host", b"testserver"), (b"cookie", cookie.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    return WebsocketCommunicator(application, "/ws/live", headers=headers)


def change_something(company: TestCompany) -> None:
    with company.acting("admin"):
        orgs.create_organization(name="New", slug=f"n-{uuid7().hex[-8:]}")
    deliver_all()


def deliver_all() -> None:
    while run_due():
        pass


@pytest.fixture
def other_committed(committed_company, django_db_blocker):
    with django_db_blocker.unblock():
        yield make_company(slug=f"c-{uuid7().hex[-12:]}")


async def opened(company: TestCompany, role: str) -> WebsocketCommunicator:
    communicator = await sync_to_async(page)(company, role)
    assert (await communicator.connect())[0]
    return communicator


async def told(communicator: WebsocketCommunicator, topic: str) -> dict:
    while (message := await communicator.receive_json_from(timeout=10))["topic"] != topic:
        pass
    return message


async def test_a_page_is_told_the_topic_and_nothing_else(committed_company):
    communicator = await opened(committed_company, "tech_lead")
    await sync_to_async(change_something)(committed_company)
    message = await told(communicator, "org")
    assert set(message) == {"topic", "count"}
    assert isinstance(message["count"], int)
    await communicator.disconnect()


async def test_another_companys_page_hears_only_of_its_own(committed_company, other_committed):
    await sync_to_async(deliver_all)()
    theirs = await opened(other_committed, "tenant_admin")
    ours = await opened(committed_company, "tenant_admin")
    for _ in range(3):
        await sync_to_async(change_something)(committed_company)
        await told(ours, "org")
    await sync_to_async(change_something)(other_committed)
    assert await told(theirs, "org") == {"topic": "org", "count": 1}
    await theirs.disconnect()
    await ours.disconnect()


async def test_a_person_is_told_only_topics_they_may_see(committed_company):
    await sync_to_async(deliver_all)()
    viewer = await opened(committed_company, "viewer")
    heard = set()
    for _ in range(3):
        await sync_to_async(change_something)(committed_company)
        topic = ""
        while topic != "org":
            topic = (await viewer.receive_json_from(timeout=10))["topic"]
            heard.add(topic)
    assert heard <= {"org", "fleet"}
    await viewer.disconnect()


@pytest.mark.parametrize("key", ["", "nonsense", "x" * 32])
async def test_without_a_session_the_socket_closes_with_4401(committed_company, key):
    communicator = socket(key)
    assert (await communicator.connect())[0]
    assert (await communicator.receive_output())["code"] == 4401


@pytest.mark.parametrize("origin", ["", "https://evil.example", "null", "http://testserver.evil"])
async def test_another_sites_page_is_not_let_in(committed_company, origin):
    communicator = await sync_to_async(page)(committed_company, "admin", origin=origin)
    assert (await communicator.connect())[0] is False


async def test_a_session_that_ends_ends_the_socket(committed_company, monkeypatch):
    monkeypatch.setattr(BrowserConsumer, "recheck_seconds", 0.05)
    session = await sync_to_async(session_of)(committed_company, "viewer")
    communicator = socket(session.session_key)
    assert (await communicator.connect())[0]
    await sync_to_async(session.delete)()
    assert (await communicator.receive_output(timeout=10))["code"] == 4401


async def test_a_deactivated_person_hears_no_more(committed_company, monkeypatch):
    monkeypatch.setattr(BrowserConsumer, "recheck_seconds", 0.05)
    communicator = await opened(committed_company, "viewer")

    def deactivate() -> None:
        with committed_company.acting("admin"):
            orgs.deactivate_user(user_id=committed_company.users["viewer"].id)

    await sync_to_async(deactivate)()
    while (output := await communicator.receive_output(timeout=10))["type"] != "websocket.close":
        pass
    assert output["code"] == 4401


async def test_a_page_that_talks_is_closed(committed_company):
    communicator = await opened(committed_company, "viewer")
    await communicator.send_to("hello")
    assert (await communicator.receive_output(timeout=10))["code"] == 4400


@pytest.fixture
def other_page(committed_company, other_committed):
    """Return a session of a platform administrator who is in the other company."""
    return lambda: enter_by_browser(committed_company, other_committed)


def enter_by_browser(home: TestCompany, elsewhere: TestCompany) -> str:
    client = browser_in(home, elsewhere)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def test_a_page_of_an_entered_company_hears_of_that_company_only(
    committed_company, other_committed, other_page
):
    communicator = socket(await sync_to_async(other_page)())
    await sync_to_async(deliver_all)()
    assert (await communicator.connect())[0]
    await sync_to_async(change_something)(committed_company)
    await sync_to_async(change_something)(other_committed)
    assert await told(communicator, "org") == {"topic": "org", "count": 1}
    await communicator.disconnect()


async def test_a_page_ends_when_its_person_moves_to_another_company(
    committed_company, other_committed, monkeypatch
):
    monkeypatch.setattr(BrowserConsumer, "recheck_seconds", 0.05)
    await sync_to_async(set_platform)(committed_company)
    client = await sync_to_async(browser)(committed_company, "admin")
    communicator = socket(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert (await communicator.connect())[0]
    path = f"/settings/companies/{other_committed.slug}/enter/"
    await sync_to_async(client.post)(path, {"reason": REASON})
    assert await closed(communicator) == 4403


@pytest.mark.parametrize("way", ["left", "ran out", "lost the flag"])
async def test_a_page_of_an_entered_company_ends_with_the_stay(
    committed_company, other_committed, other_page, monkeypatch, way
):
    monkeypatch.setattr(BrowserConsumer, "recheck_seconds", 0.05)
    communicator = socket(await sync_to_async(other_page)())
    assert (await communicator.connect())[0]
    await sync_to_async(end_stay)(committed_company, other_committed, way)
    assert await closed(communicator) == 4401


def end_stay(home: TestCompany, elsewhere: TestCompany, way: str) -> None:
    if way == "lost the flag":
        set_platform(home, is_platform=False)
        return
    with acting_as(visitor(home, elsewhere)):
        if way == "left":
            leave_tenant()
        else:
            moment = clock.now()
            PlatformEntry.objects.update(entered_at=moment, expires_at=moment)


async def closed(communicator: WebsocketCommunicator) -> int:
    while (output := await communicator.receive_output(timeout=10))["type"] != "websocket.close":
        pass
    return output["code"]
