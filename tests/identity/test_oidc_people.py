"""Who a person is whom a provider vouches for, and whom it may not."""

import pytest
from django.test import Client

from apps.identity.models import ExternalIdentity
from apps.identity.oidc.errors import BadToken
from apps.identity.oidc.validation import read_id_token
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import deactivate_user, register_user
from apps.orgs.queries import list_users
from tests.identity.conftest import come_back, events_of
from tests.identity.okta import NOW, people, refused

pytestmark = pytest.mark.django_db


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
