"""Signing in at a provider: every way an answer can be wrong, and what a good one does."""

import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from apps.identity.models import ExternalIdentity, Session
from apps.identity.oidc import directory
from apps.identity.oidc.errors import BadToken
from apps.identity.oidc.validation import read_id_token
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import deactivate_user, register_user
from apps.orgs.queries import list_users
from tests.identity.conftest import answer_with, come_back, events_of, leave_for
from tests.identity.provider import CLIENT_SECRET, Key

pytestmark = pytest.mark.django_db
NOW = int(time.time())


@pytest.fixture
def okta(company, provider, configure):
    configure(okta=(provider, {}))
    return provider


def people(company):
    with acting_as(company.service("relay")):
        return sorted(list_users(include_deactivated=True).values_list("email", flat=True))


def refused(client, company, answer, before, *, says=""):
    assert answer.status_code == 403, answer.content
    assert says in answer.content.decode()
    assert "user_id" not in client.session
    assert not Session.objects.filter(tenant_id=company.tenant_id).exists()
    assert people(company) == before
    return True


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


def test_userinfo_completes_the_claims_of_a_thin_token(company, okta):
    okta.userinfo = {"sub": "alice", "email": "alice@corp.example", "name": "From Userinfo"}
    come_back(Client(), okta, email=None, name=None)
    with acting_as(company.service("relay")):
        assert list_users().get(email="alice@corp.example").name == "From Userinfo"


def test_userinfo_never_overrules_the_signed_token(company, okta):
    okta.userinfo = {"sub": "alice", "iss": "https://evil.example", "email": "ceo@corp.example"}
    come_back(Client(), okta)
    assert "alice@corp.example" in people(company)
    assert "ceo@corp.example" not in people(company)


def test_userinfo_about_somebody_else_is_refused(company, okta):
    okta.userinfo = {"sub": "mallory", "email": "alice@corp.example"}
    client, before = Client(), people(company)
    assert refused(client, company, come_back(client, okta), before, says="somebody else")


def test_nobody_takes_over_an_account_by_its_address(company, okta):
    email = "viewer@acme.example"
    client, before = Client(), people(company)
    answer = come_back(client, okta, email=email.upper())
    assert refused(client, company, answer, before, says="Addresses prove nothing")
    (event,) = events_of(company, "session.start.denied")
    assert event.resource_id == str(company.users["viewer"].id)
    assert event.reason == "Unknown identity, known e-mail."


def test_the_same_address_at_two_providers_is_two_people(
    company, other_company, provider, other_provider, configure
):
    configure(okta=(provider, {}), entra=(other_provider, {"company": "globex"}))
    first, second = Client(), Client()
    come_back(first, provider, "okta")
    come_back(second, other_provider, "entra")
    assert first.session["tenant_id"] == str(company.tenant_id)
    assert second.session["tenant_id"] == str(other_company.tenant_id)
    assert first.session["user_id"] != second.session["user_id"]


def test_a_second_provider_of_the_company_does_not_open_the_first_ones_account(
    company, provider, other_provider, configure
):
    configure(okta=(provider, {}), entra=(other_provider, {}))
    come_back(Client(), provider, "okta")
    client = Client()
    answer = come_back(client, other_provider, "entra")
    assert answer.status_code == 403
    assert "user_id" not in client.session


def test_a_deactivated_person_is_refused_on_record(company, okta):
    come_back(Client(), okta)
    with company.acting("admin"):
        deactivate_user(user_id=list_users().get(email="alice@corp.example").id)
    client = Client()
    answer = come_back(client, okta)
    assert answer.status_code == 403
    assert "deactivated" in answer.content.decode()
    assert "user_id" not in client.session
    assert len(events_of(company, "session.start.denied")) == 1


def test_a_provider_that_may_not_create_people_signs_in_only_known_ones(
    company, provider, configure
):
    configure(okta=(provider, {"create_users": False}))
    client, before = Client(), people(company)
    assert refused(client, company, come_back(client, provider), before, says="no account")


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"email": None}, "does not tell your e-mail address"),
        ({"email": "not an address"}, "does not tell your e-mail address"),
        ({"email": ["a@b.example"]}, "does not tell your e-mail address"),
        ({"email_verified": False}, "not verified"),
    ],
)
def test_a_new_person_needs_an_address(company, okta, claims, says):
    client, before = Client(), people(company)
    assert refused(client, company, come_back(client, okta, **claims), before, says=says)


def test_a_name_that_is_strange_is_tamed(company, okta):
    come_back(Client(), okta, name="Al\x00ice " + "x" * 200)
    with acting_as(company.service("relay")):
        name = list_users().get(email="alice@corp.example").name
    assert name.startswith("Alice xxx")
    assert len(name) == 120


def test_a_provider_of_a_company_that_is_not_there_opens_nothing(company, provider, configure):
    configure(okta=(provider, {"company": "nowhere"}))
    client, before = Client(), people(company)
    answer = come_back(client, provider)
    assert refused(client, company, answer, before, says="no company")


def test_entra_people_are_known_by_tenant_and_object(company, provider, configure):
    configure(entra=(provider, {"subject_claims": ("tid", "oid")}))
    client = Client()
    come_back(client, provider, "entra", sub="pairwise-1", tid="t1", oid="o1")
    with acting_as(company.service("relay")):
        assert ExternalIdentity.objects.get().subject == "t1:o1"
    again = Client()
    come_back(again, provider, "entra", sub="pairwise-2", tid="t1", oid="o1")
    assert again.session["user_id"] == client.session["user_id"]


@pytest.mark.parametrize(
    "claims", [{"tid": "t1"}, {"tid": "t1", "oid": ""}, {"tid": "a:b", "oid": "c"}]
)
def test_an_incomplete_subject_is_refused(company, provider, configure, claims):
    configure(entra=(provider, {"subject_claims": ("tid", "oid")}))
    client, before = Client(), people(company)
    assert refused(client, company, come_back(client, provider, "entra", **claims), before)


def test_userinfo_cannot_supply_the_subject(company, provider, configure):
    configure(entra=(provider, {"subject_claims": ("tid", "oid")}))
    provider.userinfo = {"sub": "alice", "tid": "t1", "oid": "victim"}
    client, before = Client(), people(company)
    assert refused(client, company, come_back(client, provider, "entra"), before)


def test_starting_over_and_over_is_slowed_down(company, okta):
    client = Client()
    answers = [client.get("/sign-in/okta/").status_code for _ in range(61)]
    assert answers[:60] == [302] * 60
    assert answers[60] == 429


def test_a_registered_person_keeps_their_account_when_somebody_else_uses_their_name(company, okta):
    with company.acting("admin"):
        register_user(email="bob@corp.example", name="Alice Example")
    come_back(Client(), okta)
    assert {"alice@corp.example", "bob@corp.example"} <= set(people(company))


def test_the_validation_itself_names_what_is_wrong(company, okta, settings):
    (configured,) = settings.ENVIRONMENT.oidc_providers
    with pytest.raises(BadToken, match="Signature has expired"):
        read_id_token(configured, okta.mint(exp=NOW - 3600, nonce="n"), nonce="n")
