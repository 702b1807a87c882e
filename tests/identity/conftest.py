"""What the tests of identity share."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from apps.events.models import Event
from apps.identity import local
from apps.identity.oidc.directory import forget_directories
from apps.identity.operations import set_password
from apps.kernel.environment import OidcProvider
from apps.kernel.tenancy import acting_as
from tests.factories.company import TestCompany
from tests.identity.provider import CLIENT_ID, CLIENT_SECRET, Provider, ProviderServer

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


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An identity provider of our own."""
    server = ProviderServer()
    yield server.provider
    server.stop()


@pytest.fixture
def other_provider() -> Iterator[Provider]:
    """A second identity provider."""
    server = ProviderServer()
    yield server.provider
    server.stop()


@pytest.fixture
def configure(settings: Any) -> Any:
    """Return a function that configures providers: `configure(slug=(provider, {changes}))`."""

    def use(**chosen: tuple[Provider, dict[str, Any]]) -> None:
        made = tuple(
            OidcProvider(
                **{
                    "slug": slug,
                    "name": slug.title(),
                    "company": "acme",
                    "issuer": provider.issuer,
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    **changes,
                }
            )
            for slug, (provider, changes) in chosen.items()
        )
        changed = {"oidc_providers": made}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changed)

    return use


def come_back(client: Client, provider: Provider, slug: str = "okta", **claims: Any) -> Any:
    """Sign in at a provider which vouches for `claims`, and return the callback's answer."""
    asked = leave_for(client, slug)
    token = provider.mint(**{"nonce": asked["nonce"], **claims})
    return answer_with(client, provider, asked["state"], id_token=token, slug=slug)


def leave_for(client: Client, slug: str = "okta", next: str = "/") -> dict[str, str]:
    """Start at a provider and return the parameters that it is sent."""
    answer = client.get(f"/sign-in/{slug}/", {"next": next})
    assert answer.status_code == 302, answer.content
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def answer_with(
    client: Client,
    provider: Provider,
    state: str,
    *,
    id_token: Any,
    slug: str = "okta",
    **query: Any,
) -> Any:
    """Come back from a provider that exchanges the code for `id_token`."""
    provider.token_answer = {"id_token": id_token, "access_token": "at", "token_type": "Bearer"}
    return client.get(f"/sign-in/{slug}/callback/", {"code": "c", "state": state, **query})


@pytest.fixture
def okta(company: TestCompany, provider: Any, configure: Any) -> Any:
    """A provider of the company, named okta."""
    configure(okta=(provider, {}))
    return provider
