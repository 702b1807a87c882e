"""Sign-in from end to end against a certified provider that insists on PKCE."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from apps.identity.models import Session
from apps.kernel.environment import OidcProvider
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import list_grants, list_users
from tests.factories.company import make_company
from tests.identity.certified import Browser, CertifiedProvider
from tests.identity.conftest import events_of
from tests.identity.provider import API

ACCOUNTS = {
    "alice": {
        "email": "alice@corp.example",
        "email_verified": True,
        "name": "Alice Example",
        "groups": ["engineers"],
    },
    "bob": {
        "email": "bob@corp.example",
        "name": "Bob Many",
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://graph.example/groups"}},
    },
}
CLAIMS = {
    "openid": ["sub", "_claim_names", "_claim_sources"],
    "email": ["email", "email_verified"],
    "profile": ["name"],
    "groups": ["groups"],
}
MAPPINGS = ({"claim": "engineers", "role": "developer", "scope": "platform"},)


@pytest.fixture
def portal(committed_company, settings) -> Iterator[str]:
    """The portal on a port of its own, over committed rows; return its address."""
    from aeterna_portal.asgi import application

    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.PUBLIC_URL = address
    config = uvicorn.Config(application, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield address
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def start_provider(portal, committed_company, settings) -> Iterator[Any]:
    """Return a function that starts a certified provider and configures the portal for it."""
    running = []

    def start(slug: str, *, company: str = "", conform: bool = True, **changes: Any) -> Any:
        client = {
            "client_id": f"portal-{slug}",
            "client_secret": f"{slug}-secret-0123456789-0123456789",
            "redirect_uris": [f"{portal}/sign-in/{slug}/callback/"],
            "post_logout_redirect_uris": [f"{portal}/sign-in/"],
            "backchannel_logout_uri": f"{portal}/sign-out/{slug}/backchannel/",
            "backchannel_logout_session_required": True,
            "token_endpoint_auth_method": "client_secret_post",
        }
        provider = CertifiedProvider(
            {
                "clients": [client],
                "accounts": ACCOUNTS,
                "claims": CLAIMS,
                "conformIdTokenClaims": conform,
                "resource": changes.get("api_audience"),
            }
        )
        running.append(provider)
        configured = OidcProvider(
            **{
                "slug": slug,
                "name": slug.title(),
                "company": company or committed_company.slug,
                "issuer": provider.issuer,
                "client_id": client["client_id"],
                "client_secret": client["client_secret"],
                "role_mappings": MAPPINGS,
                **changes,
            }
        )
        known = settings.ENVIRONMENT.oidc_providers
        changed = {"oidc_providers": (*known, configured)}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changed)
        return provider

    yield start
    for provider in running:
        provider.stop()


def sign_in(portal: str, slug: str, person: str, *, next: str = "/") -> Browser:
    browser = Browser().go(f"{portal}/sign-in/{slug}/?next={next}")
    browser.submit(login=person, password="any")  # the provider's sign-in form
    return browser.submit()  # its consent form


def session_of(company: Any) -> Session:
    return Session.objects.get(tenant_id=company.tenant_id)


@pytest.mark.parametrize("conform", [True, False], ids=["thin tokens", "full tokens"])
def test_a_person_signs_in_and_holds_what_their_groups_give(
    portal, start_provider, committed_company, conform
):
    company, provider = committed_company, start_provider("okta", conform=conform)
    browser = sign_in(portal, "okta", "alice", next="/sign-in-landing")
    assert browser.url == f"{portal}/sign-in-landing"
    with acting_as(company.service("relay")):
        user = list_users().get(email="alice@corp.example")
        (grant,) = list_grants(user_id=user.id)
        assert (grant.role, grant.scope.slug) == ("developer", "platform")
    row = session_of(company)
    assert (row.user_id, row.issuer, row.subject) == (user.id, provider.issuer, "alice")
    assert row.sid


def test_an_overage_of_groups_reaches_us_as_unknown(portal, start_provider, committed_company):
    start_provider("entra", conform=False)
    sign_in(portal, "entra", "bob")
    (event,) = events_of(committed_company, "session.started")
    assert event.payload["groups"] == "unknown"


def test_signing_out_here_signs_out_there(portal, start_provider, committed_company):
    start_provider("okta")
    browser = sign_in(portal, "okta", "alice")
    browser.go(f"{portal}/sign-in/")
    token = browser.client.cookies["aeterna_csrf"]
    page = browser.client.post(f"{portal}/sign-out/", data={"csrfmiddlewaretoken": token})
    assert not Session.objects.filter(tenant_id=committed_company.tenant_id).exists()
    target = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    browser.go(target).submit(logout="yes")
    assert browser.url.startswith(f"{portal}/sign-in/")
    browser.go(f"{portal}/sign-in/okta/")
    assert 'name="login"' in browser.page.text  # the provider asks again who it is


def test_signing_out_there_signs_out_here(portal, start_provider, committed_company):
    company, provider = committed_company, start_provider("okta")
    browser = sign_in(portal, "okta", "alice")
    other = sign_in(portal, "okta", "alice")
    assert Session.objects.filter(tenant_id=company.tenant_id).count() == 2
    browser.go(f"{provider.issuer}/session/end").submit(logout="yes")
    assert Session.objects.filter(tenant_id=company.tenant_id).count() == 1
    (event,) = events_of(company, "session.ended")
    assert event.reason == "Signed out at Okta."
    assert "Sign in" in browser.go(f"{portal}/sign-in/").page.text
    assert other.client.get(f"{portal}/sign-in/", follow_redirects=False).status_code == 302


def test_two_providers_at_once_know_two_people_of_one_address(
    portal, start_provider, committed_company, django_db_blocker
):
    from apps.kernel.ids import uuid7

    second = make_company(slug=f"c-{uuid7().hex[-12:]}")
    okta = start_provider("okta")
    entra = start_provider("entra", company=second.slug)
    sign_in(portal, "okta", "alice")
    sign_in(portal, "entra", "alice")
    first_row, second_row = session_of(committed_company), session_of(second)
    assert first_row.user_id != second_row.user_id
    assert (first_row.issuer, second_row.issuer) == (okta.issuer, entra.issuer)


@pytest.mark.gap("MT-H5")
def test_its_access_token_opens_the_api(portal, start_provider, committed_company):
    import base64
    import hashlib
    from urllib.parse import parse_qs, urlencode, urlsplit

    import httpx

    from apps.identity.oidc.bearer import read_access_token

    provider = start_provider("okta", api_audience=API)
    sign_in(portal, "okta", "alice")
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    redirect = f"{portal}/sign-in/okta/callback/"
    query = {
        "client_id": "portal-okta",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": redirect,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
        "resource": API,
    }
    browser = Browser().go(f"{provider.issuer}/auth?{urlencode(query)}")
    browser.submit(login="alice", password="any").submit()
    code = parse_qs(urlsplit(browser.url).query)["code"][0]
    data = {
        "client_id": "portal-okta",
        "client_secret": "okta-secret-0123456789-0123456789",
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
    }
    answer = httpx.post(f"{provider.issuer}/token", data=data).json()
    known = read_access_token(answer["access_token"])
    assert (known.tenant_id, known.subject) == (committed_company.tenant_id, "alice")
    assert read_access_token(answer["id_token"]) is None
