"""What a provider's groups and roles give and take away at each sign-in."""

import pytest
from django.test import Client

from apps.kernel.tenancy import acting_as
from apps.orgs.operations import archive_scope, grant_role
from apps.orgs.queries import list_grants, list_users
from tests.identity.conftest import come_back, events_of

pytestmark = pytest.mark.django_db

MAPPINGS = (
    {"claim": "engineers", "role": "developer", "scope": "platform/api"},
    {"claim": "leads", "role": "tech_lead", "scope": "platform/api/gateway"},
    {"claim": "auditors", "role": "viewer"},
    {"claim": "owners", "role": "tenant_admin"},
    {"claim": "lost", "role": "viewer", "scope": "platform/nowhere"},
    {"claim": "kings", "role": "king"},
)


@pytest.fixture
def okta(company, provider, configure):
    configure(okta=(provider, {"role_mappings": MAPPINGS}))
    return provider


def alice(company):
    with acting_as(company.service("relay")):
        return list_users().get(email="alice@corp.example")


def held(company):
    with acting_as(company.service("relay")):
        rows = list_grants(user_id=alice(company).id)
        return sorted((row.role, row.scope.slug, row.source) for row in rows)


def last_sign_in(company):
    return events_of(company, "session.started")[-1].payload


def test_groups_and_roles_become_grants_at_their_scopes(company, okta):
    come_back(Client(), okta, groups=["engineers", "unmapped"], roles=["auditors"])
    assert held(company) == [
        ("developer", "api", "identity_provider"),
        ("viewer", "acme", "identity_provider"),
    ]
    granted = events_of(company, "role.granted")[-2:]
    assert {event.actor_id for event in granted} == {"sign-in"}
    facts = last_sign_in(company)
    assert facts["groups"] == "known"
    assert len(facts["granted"]) == 2


def test_what_is_gained_is_granted_and_what_is_lost_is_revoked(company, okta):
    come_back(Client(), okta, groups=["engineers", "auditors"])
    come_back(Client(), okta, groups=["auditors", "leads"])
    assert held(company) == [
        ("tech_lead", "gateway", "identity_provider"),
        ("viewer", "acme", "identity_provider"),
    ]
    (revoked,) = events_of(company, "role.revoked")
    assert revoked.reason == "Not in the claims of Okta any more."
    facts = last_sign_in(company)
    assert facts["granted"] == [f"tech_lead at {company.scopes['gateway'].id}"]
    assert facts["revoked"] == [f"developer at {company.scopes['api'].id}"]


def test_no_groups_at_all_takes_all_of_the_providers_grants(company, okta):
    come_back(Client(), okta, groups=["engineers"])
    come_back(Client(), okta)
    assert held(company) == []


def test_grants_by_hand_are_left_alone(company, okta):
    come_back(Client(), okta, groups=["engineers"])
    with company.acting("tenant_admin"):
        user_id = alice(company).id
        grant_role(user_id=user_id, scope_id=company.scopes["api"].id, role="developer")
        grant_role(user_id=user_id, scope_id=company.tenant_id, role="architect")
    come_back(Client(), okta, groups=[])
    assert held(company) == [("architect", "acme", "manual"), ("developer", "api", "manual")]


@pytest.mark.parametrize(
    "overage",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://g"}}},
        {"hasgroups": True},
        {"hasgroups": "true"},
    ],
)
def test_too_many_groups_are_unknown_groups_not_none(company, okta, overage):
    come_back(Client(), okta, groups=["engineers"], roles=["auditors"])
    come_back(Client(), okta, roles=["leads"], **overage)
    assert held(company) == [
        ("developer", "api", "identity_provider"),
        ("tech_lead", "gateway", "identity_provider"),
        ("viewer", "acme", "identity_provider"),
    ]
    facts = last_sign_in(company)
    assert (facts["groups"], facts["revoked"]) == ("unknown", [])


def test_no_claim_gives_the_tenant_away(company, okta):
    come_back(Client(), okta, groups=["owners", "lost", "kings", "auditors"])
    assert held(company) == [("viewer", "acme", "identity_provider")]
    assert last_sign_in(company)["ignored"] == [
        "owners: tenant_admin at /",
        "lost: viewer at platform/nowhere",
        "kings: king at /",
    ]


def test_an_archived_scope_gives_nothing(company, okta):
    with company.acting("tenant_admin"):
        archive_scope(scope_id=company.scopes["api"].id)
    come_back(Client(), okta, groups=["engineers"])
    assert held(company) == []


@pytest.mark.parametrize("groups", ["engineers", ["engineers", 7, None, {"a": 1}]])
def test_a_claim_of_another_shape_is_read_for_what_it_holds(company, okta, groups):
    come_back(Client(), okta, groups=groups)
    assert held(company) == [("developer", "api", "identity_provider")]


def test_groups_from_userinfo_count(company, okta):
    okta.userinfo = {"sub": "alice", "groups": ["engineers"]}
    come_back(Client(), okta)
    assert held(company) == [("developer", "api", "identity_provider")]
