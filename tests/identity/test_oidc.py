"""Signing in at a provider: every way an answer can be wrong, and what a good one does."""

import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from apps.identity.models import ExternalIdentity, Session
from apps.identity.oidc import directory
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import list_users
from tests.identity.conftest import answer_with, come_back, events_of, leave_for
from tests.identity.okta import NOW, people, refused
from tests.identity.provider import CLIENT_SECRET, Key

pytestmark = pytest.mark.django_db


def test_the_request_carries_state_nonce_and_a_proof_key(company, okta):
    asked = leave_for(Client())
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) == len(asked["state"]) == 32
    assert asked["redirect_uri"] == "http://testserver/sign-in/okta/callback/"


def test_the_redirect_address_is_not_taken_from_the_host_header(company, okta, settings):
    settings.ALLOWED_HOSTS = ["*"]
    answer = Client().get("/sign-in/okta/", headers={"Host": "evil.example"})
    assert "evil" not in answer["Location"]
    client = Client()
    come_back(client, okta)
    assert okta.asked["redirect_uri"] == ["http://testserver/sign-in/okta/callback/"]
    assert len(okta.asked["code_verifier"][0]) == 64


def test_a_new_person_is_registered_linked_and_signed_in(company, okta):
    client = Client()
    asked = leave_for(client, next="/policies/")
    token = okta.mint(nonce=asked["nonce"], sid="s1")
    answer = answer_with(client, okta, asked["state"], id_token=token)
    assert (answer.status_code, answer["Location"]) == (302, "/policies/")
    row = Session.objects.get(tenant_id=company.tenant_id)
    assert (row.issuer, row.subject, row.sid, row.method) == (okta.issuer, "alice", "s1", "okta")
    assert str(row.user_id) == client.session["user_id"]
    with acting_as(company.service("relay")):
        user = list_users().get(email="alice@corp.example")
        identity = ExternalIdentity.objects.get(user=user)
    assert (user.name, user.has_usable_password()) == ("Alice Example", False)
    assert (identity.issuer, identity.subject) == (okta.issuer, "alice")
    types = [e.type for e in events_of(company, "identity.linked", "session.started")]
    assert types == ["identity.linked", "session.started"]


def test_the_same_person_comes_back_as_themselves_whatever_their_address(company, okta):
    first, second = Client(), Client()
    come_back(first, okta)
    come_back(second, okta, email="renamed@corp.example")
    assert first.session["user_id"] == second.session["user_id"]
    assert len(events_of(company, "identity.linked")) == 1


OTHER = Key("other")

FAULTS = {
    "another audience": {"aud": "somebody-else"},
    "another audience beside ours without a party": {"aud": ["portal", "other"]},
    "another authorized party": {"azp": "other"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "no expiry": {"exp": None},
    "an expiry long past": {"exp": NOW - 120},
    "no time of issue": {"iat": None},
    "a time of issue to come": {"iat": NOW + 86_400},
    "a start to come": {"nbf": NOW + 86_400},
    "no subject": {"sub": None},
    "another nonce": {"nonce": "x" * 32},
    "no nonce": {"nonce": None},
    "a foreign key under our key id": {"key": Key("one")},
    "an unknown key id": {"key": OTHER},
    "a key of another algorithm": {"alg": "RS512"},
}


@pytest.mark.gap("MT-H5")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_token_is_refused_for(company, okta, fault):
    client, before = Client(), people(company)
    answer = come_back(client, okta, **fault)
    assert refused(client, company, answer, before)


def test_an_unsigned_token_is_refused(company, okta):
    client, before = Client(), people(company)
    asked = leave_for(client)
    token = jwt.encode(okta.claims(nonce=asked["nonce"]), None, algorithm="none")
    answer = answer_with(client, okta, asked["state"], id_token=token)
    assert refused(client, company, answer, before, says="algorithm that is not accepted")


@pytest.mark.parametrize("which", ["public key", "client secret"])
def test_a_token_signed_by_a_shared_secret_is_refused(company, okta, which):
    client, before = Client(), people(company)
    asked = leave_for(client)
    key = okta.keys[0].private.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = pem if which == "public key" else CLIENT_SECRET.encode()
    token = _by_secret(okta.claims(nonce=asked["nonce"]), secret)
    answer = answer_with(client, okta, asked["state"], id_token=token)
    assert refused(client, company, answer, before, says="algorithm that is not accepted")


def _by_secret(claims, secret):
    """Sign by hand: the library refuses to use a public key as a secret."""
    import base64
    import hashlib
    import hmac
    import json

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    body = head + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.new(secret, body, hashlib.sha256).digest())).decode()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", None, 7, {"a": 1}])
def test_a_token_that_is_none_is_refused(company, okta, token):
    client, before = Client(), people(company)
    answer = answer_with(client, okta, leave_for(client)["state"], id_token=token)
    assert refused(client, company, answer, before)


def test_clocks_may_differ_by_less_than_a_minute(company, okta):
    now = int(time.time())
    assert come_back(Client(), okta, iat=now + 40).status_code == 302
    assert come_back(Client(), okta, exp=now - 40).status_code == 302


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
def test_the_other_accepted_algorithms_work(company, okta, alg):
    okta.keys = [Key("one", alg=alg)]
    assert come_back(Client(), okta).status_code == 302


@pytest.mark.gap("MT-H5")
def test_a_rotated_key_is_found_at_once_and_asked_for_seldom(company, okta):
    assert come_back(Client(), okta).status_code == 302
    assert okta.calls["/jwks"] == 1
    assert come_back(Client(), okta).status_code == 302
    assert okta.calls["/jwks"] == 1
    okta.keys = [Key("two")]
    assert come_back(Client(), okta).status_code == 302
    assert okta.calls["/jwks"] == 2
    for _ in range(3):
        assert come_back(Client(), okta, key=OTHER).status_code == 403
    assert okta.calls["/jwks"] == 2
    assert okta.calls["/.well-known/openid-configuration"] == 1


def test_a_key_that_was_withdrawn_is_refused_once_the_keys_are_read_again(company, okta):
    come_back(Client(), okta)
    old, okta.keys = okta.keys[0], [Key("two")]
    come_back(Client(), okta)
    assert come_back(Client(), okta, key=old).status_code == 403


def test_keys_outlive_a_provider_that_is_down(company, okta, monkeypatch):
    come_back(Client(), okta)
    (known,) = directory._directories.values()
    known._keys_at -= directory.FRESH_SECONDS
    known._metadata_at -= directory.FRESH_SECONDS

    def down(*_args, **_options):
        raise httpx.ConnectError("down")

    monkeypatch.setattr(directory.httpx, "get", down)
    assert come_back(Client(), okta).status_code == 302


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"iss": "https://evil.example"}, "another identity provider"),
        ({"error": "access_denied"}, "refused"),
        ({"error": "<script>alert(1)</script>"}, "The identity provider refused."),
        ({"code": ""}, "incomplete"),
        ({"state": "unknown"}, "not started in this browser"),
    ],
)
def test_an_answer_is_refused_for_what_it_says(company, okta, query, says):
    client, before = Client(), people(company)
    asked = leave_for(client)
    token = okta.mint(nonce=asked["nonce"])
    state = query.pop("state", asked["state"])
    answer = answer_with(client, okta, state, id_token=token, **query)
    assert refused(client, company, answer, before, says=says)
    assert "<script>alert" not in answer.content.decode()
    assert okta.calls["/token"] == 0


def test_a_provider_that_promises_to_say_its_issuer_must(company, okta):
    okta.metadata["authorization_response_iss_parameter_supported"] = True
    client = Client()
    asked = leave_for(client)
    token = okta.mint(nonce=asked["nonce"])
    assert answer_with(client, okta, asked["state"], id_token=token).status_code == 403
    asked = leave_for(client)
    token = okta.mint(nonce=asked["nonce"])
    answer = answer_with(client, okta, asked["state"], id_token=token, iss=okta.issuer)
    assert answer.status_code == 302


def test_an_answer_counts_once_and_in_the_browser_that_asked(company, okta):
    client = Client()
    asked = leave_for(client)
    token = okta.mint(nonce=asked["nonce"])
    stranger = Client()
    assert answer_with(stranger, okta, asked["state"], id_token=token).status_code == 403
    assert answer_with(client, okta, asked["state"], id_token=token).status_code == 302
    assert answer_with(client, okta, asked["state"], id_token=token).status_code == 403


def test_an_answer_to_one_provider_is_not_taken_by_another(
    company, provider, other_provider, configure
):
    configure(okta=(provider, {}), entra=(other_provider, {}))
    client, before = Client(), people(company)
    asked = leave_for(client, "okta")
    token = other_provider.mint(nonce=asked["nonce"])
    answer = answer_with(client, other_provider, asked["state"], id_token=token, slug="entra")
    assert refused(client, company, answer, before, says="not started")


@pytest.mark.parametrize(
    ("status", "body"), [(400, {"error": "invalid_grant"}), (500, b"oops"), (200, b"not json")]
)
def test_a_failed_exchange_is_a_page_not_a_crash(company, okta, status, body):
    client = Client()
    asked = leave_for(client)
    okta.token_status, okta.token_answer = status, body
    answer = client.get("/sign-in/okta/callback/", {"code": "c", "state": asked["state"]})
    assert answer.status_code == 503
    assert "identity provider" in answer.content.decode()
    assert "user_id" not in client.session


@pytest.mark.parametrize("body", [[], {}, {"id_token": None}, "text"])
def test_an_exchange_without_an_id_token_is_refused(company, okta, body):
    client, before = Client(), people(company)
    asked = leave_for(client)
    okta.token_answer = body
    answer = client.get("/sign-in/okta/callback/", {"code": "c", "state": asked["state"]})
    assert refused(client, company, answer, before, says="no ID token")


def test_a_provider_that_is_down_is_a_page_not_a_crash(company, okta, configure):
    okta.issuer = "http://127.0.0.1:1"
    configure(okta=(okta, {}))
    answer = Client().get("/sign-in/okta/")
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()


def test_nobody_queues_for_a_provider_that_does_not_answer(company, okta, monkeypatch):
    asked = []

    def silent(url, **_options):
        asked.append(url)
        raise httpx.ReadTimeout("silence")

    monkeypatch.setattr(directory.httpx, "get", silent)
    for _ in range(3):
        assert Client().get("/sign-in/okta/").status_code == 503
    assert len(asked) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "ftp://x"},
        {"jwks_uri": None},
        {"authorization_endpoint": 7},
    ],
)
def test_a_discovery_document_that_is_wrong_is_not_believed(company, okta, metadata):
    okta.metadata.update(metadata)
    assert Client().get("/sign-in/okta/").status_code == 503


def test_production_talks_to_providers_by_https_only(company, okta, settings):
    settings.IS_PRODUCTION = True
    assert Client().get("/sign-in/okta/").status_code == 503


def test_an_unknown_provider_is_not_found(company, okta):
    for address in ("/sign-in/nobody/", "/sign-in/nobody/callback/"):
        assert Client().get(address).status_code == 404
