"""What the tests of identity share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.events.models import Event
from apps.identity import local
from apps.identity.oidc.directory import forget_directories
from apps.identity.operations import set_password
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget providers and counted attempts, and do not wait after a failure."""
    monkeypatch.setattr(local, "FAILURE_SECONDS", 0)
    forget_directories()
    if "servers" in request.fixturenames or "db" in request.fixturenames:
        _forget_attempts()
    yield
    forget_directories()


def _forget_attempts() -> None:
    import redis
    from django.conf import settings

    connection = redis.Redis.from_url(settings.REDIS_URL)
    for key in connection.scan_iter("*aeterna-limits*"):
        connection.delete(key)
    for key in connection.scan_iter("*LIMIT*"):
        connection.delete(key)
    connection.close()


@pytest.fixture
def browser() -> Client:
    """A browser that proves where its forms come from, as real ones must."""
    return Client(enforce_csrf_checks=True)


def give_password(company: TestCompany, role: str, password: str = PASSWORD) -> str:
    """Give the person in `role` a password and return their e-mail address."""
    with acting_as(company.service("bootstrap")):
        set_password(user_id=company.users[role].id, password=password)
    return f"{role}@{company.slug}.example"


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Fill in the sign-in form as a browser does."""
    client.get("/sign-in/")
    token = client.cookies["aeterna_csrf"].value
    fields = {"email": email, "password": password, "csrfmiddlewaretoken": token, **extra}
    return client.post("/sign-in/", fields)


def events_of(company: TestCompany, *types: str) -> list[Event]:
    """Return the company's events of these types, oldest first."""
    with acting_as(company.service("relay")):
        return list(Event.objects.filter(type__in=types).order_by("id"))
