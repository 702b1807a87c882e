"""Access tokens of an identity provider as bearers of the API."""

import time

import pytest
from django.test import Client
from django.urls import include, path

from apps.kernel.tenancy import acting_as
from apps.orgs.operations import deactivate_user
from apps.orgs.queries import list_users
from tests.identity.conftest import come_back
from tests.identity.provider import API, CLIENT_ID, Key
from tests.identity.test_authentication import ask, who

urlpatterns = [
    path("api/v1/who", who),
    path("", include("apps.identity.entrypoints.urls")),
]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    pytest.mark.gap("MT-H5"),
]
NOW = int(time.time())


@pytest.fixture
def okta(company, provider, configure):
    configure(okta=(provider, {"api_audience": API}))
    come_back(Client(), provider)
    return provider


def access_token(provider, **changes):
    values = {"aud": API, "email": None, "name": None, "headers": {"typ": "at+jwt"}, **changes}
    return provider.mint(**values)


def test_an_access_token_acts_as_the_person_it_was_issued_for(company, okta):
    with acting_as(company.service("relay")):
        alice = list_users().get(email="alice@corp.example")
    answer = ask(f"Bearer {access_token(okta)}")
    assert (answer["actor"], answer["channel"]) == (str(alice.id), "rest")


FAULTS = {
    "another audience": {"aud": "https://elsewhere"},
    "the audience of sign-in": {"aud": CLIENT_ID},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "an expiry long past": {"exp": NOW - 120},
    "no expiry": {"exp": None},
    "a time of issue to come": {"iat": NOW + 86_400},
    "no subject": {"sub": None},
    "an unknown person": {"sub": "mallory"},
    "a foreign key": {"key": Key("one")},
    "an unknown key": {"key": Key("unknown")},
    "being an ID token": {"nonce": "n"},
    "being a logout token": {"events": {"x": {}}},
    "another type": {"headers": {"typ": "logout+jwt"}},
    "another algorithm": {"alg": "RS384"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_an_access_token_is_nobodys_for(company, okta, fault):
    assert ask(f"Bearer {access_token(okta, **fault)}") == {"actor": None}


def test_a_provider_without_an_audience_opens_no_api(company, okta, configure):
    configure(okta=(okta, {}))
    assert ask(f"Bearer {access_token(okta)}") == {"actor": None}


def test_a_rotated_key_is_found(company, okta):
    old = access_token(okta)
    okta.keys = [Key("two")]
    assert ask(f"Bearer {access_token(okta)}")["actor"] is not None
    assert ask(f"Bearer {old}") == {"actor": None}


def test_a_deactivated_persons_access_token_is_nobodys(company, okta):
    with company.acting("admin"):
        deactivate_user(user_id=list_users().get(email="alice@corp.example").id)
    assert ask(f"Bearer {access_token(okta)}") == {"actor": None}


def test_a_provider_that_is_down_makes_the_bearer_nobody(company, okta, configure):
    token = access_token(okta, iss="http://127.0.0.1:1")
    okta.issuer = "http://127.0.0.1:1"
    configure(okta=(okta, {"api_audience": API}))
    assert ask(f"Bearer {token}") == {"actor": None}


def test_a_token_of_one_companys_provider_opens_no_other_company(
    company, other_company, provider, other_provider, configure
):
    configure(
        okta=(provider, {"api_audience": API}),
        entra=(other_provider, {"api_audience": API, "company": "globex"}),
    )
    come_back(Client(), provider)
    assert ask(f"Bearer {access_token(provider)}")["actor"] is not None
    assert ask(f"Bearer {access_token(other_provider)}") == {"actor": None}
