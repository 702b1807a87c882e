"""Logout at the provider, asked for here or announced from there."""

import time
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.test import Client

from apps.identity.models import Session
from tests.identity.conftest import come_back, events_of
from tests.identity.provider import Key

pytestmark = pytest.mark.django_db
EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}
NOW = int(time.time())


@pytest.fixture
def okta(company, provider, configure):
    configure(okta=(provider, {}))
    return provider


def logout_token(provider, **changes):
    values = {
        "nonce": None,
        "email": None,
        "name": None,
        "events": EVENT,
        "jti": f"{time.time_ns()}",
        "sid": "s1",
        **changes,
    }
    headers = {"typ": "logout+jwt", **values.pop("headers", {})}
    return provider.mint(headers=headers, **values)


def announce(token, slug="okta"):
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/sign-out/{slug}/backchannel/", {"logout_token": token})


def live(company):
    return Session.objects.filter(tenant_id=company.tenant_id).count()


def sids(company):
    rows = Session.objects.filter(tenant_id=company.tenant_id)
    return sorted(rows.values_list("sid", flat=True))


def signed_in(provider, slug="okta", **claims):
    client = Client()
    assert come_back(client, provider, slug, **claims).status_code == 302
    return client


def test_signing_out_ends_the_session_at_the_provider_too(company, okta):
    client = signed_in(okta, sid="s1")
    id_token = client.session["id_token"]
    answer = client.post("/sign-out/")
    assert live(company) == 0
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    page = answer.content.decode().replace("&amp;", "&")
    url = page.split('content="0; url=')[1].split('"')[0]
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{okta.issuer}/logout?")
    assert query == {
        "id_token_hint": [id_token],
        "client_id": ["portal"],
        "post_logout_redirect_uri": ["http://testserver/sign-in/"],
    }


def test_a_provider_without_a_logout_address_or_that_is_down_still_signs_out_here(company, okta):
    okta.metadata["end_session_endpoint"] = None
    client = signed_in(okta)
    answer = client.post("/sign-out/")
    assert (answer.status_code, unquote(answer["Location"])) == (302, "/sign-in/")
    assert live(company) == 0


def test_a_logout_token_ends_the_session_it_names_and_no_other(company, okta):
    signed_in(okta, sid="s1")
    signed_in(okta, sid="s2")
    signed_in(okta, sub="bob", email="bob@corp.example", sid="s3")
    answer = announce(logout_token(okta))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert set(
        Session.objects.filter(tenant_id=company.tenant_id).values_list("sid", flat=True)
    ) == {
        "s2",
        "s3",
    }
    (event,) = events_of(company, "session.ended")
    assert (event.actor_id, event.reason) == ("sign-in", "Signed out at Okta.")


def test_a_logout_token_with_a_subject_only_ends_all_of_their_sessions(company, okta):
    signed_in(okta, sid="s1")
    signed_in(okta, sid="s2")
    signed_in(okta, sub="bob", email="bob@corp.example", sid="s3")
    assert announce(logout_token(okta, sid=None)).status_code == 200
    assert list(
        Session.objects.filter(tenant_id=company.tenant_id).values_list("sid", flat=True)
    ) == ["s3"]


def test_the_person_is_nobody_right_after(company, okta):
    client = signed_in(okta, sid="s1")
    announce(logout_token(okta, sub=None))
    assert client.get("/sign-in/").status_code == 200


def test_a_logout_token_works_once(company, okta):
    token = logout_token(okta)
    assert announce(token).status_code == 200
    signed_in(okta, sid="s1")
    answer = announce(token)
    assert answer.status_code == 400
    assert answer.json()["error_description"] == "The logout token was used before."
    assert live(company) == 1


FAULTS = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "other"},
    "no audience": {"aud": None},
    "no time of issue": {"iat": None},
    "a time of issue to come": {"iat": NOW + 600},
    "an expiry long past": {"exp": NOW - 120},
    "being old": {"iat": NOW - 600, "exp": None},
    "no id": {"jti": None},
    "no event": {"events": None},
    "another event": {"events": {"https://other": {}}},
    "a malformed event": {"events": [1]},
    "a malformed body of the event": {"events": {next(iter(EVENT)): 1}},
    "a nonce": {"nonce": "n"},
    "neither session nor person": {"sid": None, "sub": None},
    "a session of another shape": {"sid": 7},
    "another type": {"headers": {"typ": "at+jwt"}},
    "a foreign key": {"key": Key("one")},
    "another algorithm": {"alg": "RS384"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_logout_token_is_refused_for(company, okta, fault):
    signed_in(okta, sid="s1")
    answer = announce(logout_token(okta, **dict(fault)))
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"] == "invalid_request"
    assert live(company) == 1


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_what_is_no_token_ends_nothing(company, okta, token):
    signed_in(okta, sid="s1")
    assert announce(token).status_code == 400
    assert live(company) == 1


def test_an_id_token_is_no_logout_token(company, okta):
    client = signed_in(okta, sid="s1")
    assert announce(client.session["id_token"]).status_code == 400
    assert live(company) == 1


def test_one_provider_cannot_end_the_sessions_of_another(
    company, other_company, provider, other_provider, configure
):
    configure(okta=(provider, {}), entra=(other_provider, {"company": "globex"}))
    signed_in(provider, sid="s1")
    signed_in(other_provider, "entra", sid="s1")
    assert announce(logout_token(other_provider)).status_code == 400
    assert announce(logout_token(other_provider), "entra").status_code == 200
    assert (live(company), live(other_company)) == (1, 0)


def test_only_a_post_to_a_known_provider_is_heard(company, okta):
    assert Client().get("/sign-out/okta/backchannel/").status_code == 405
    assert announce("x", "nobody").status_code == 404
