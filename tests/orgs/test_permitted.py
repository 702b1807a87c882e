"""Where somebody may act: asking Cedar once per kind of place answers as asking at each."""

import random

import pytest
from django.db.models import Q

from apps.kernel.authorization import decide_many, known_actions
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Scope
from apps.orgs.operations import configure_company, create_organization, grant_role, share_scope
from apps.orgs.queries import permitted_at, permitted_scope_ids
from apps.orgs.types import Role, RoleResolution
from tests.factories.company import make_agent

pytestmark = pytest.mark.django_db
SEED = 20261122


@pytest.fixture
def crowded(company):
    """The company, with roles and shares scattered over its places."""
    chance = random.Random(SEED)
    roles = [Role.VIEWER, Role.DEVELOPER, Role.TECH_LEAD, Role.ARCHITECT]
    places = [name for name in sorted(company.scopes) if name not in ("company", "api")]
    with company.acting("tenant_admin"):
        for key in ("outsider", "team_lead", "developer", "viewer"):
            for place in chance.sample(places, 2):
                grant_role(
                    user_id=company.users[key].id,
                    scope_id=company.scopes[place].id,
                    role=chance.choice(roles),
                )
        share_scope(scope_id=company.scopes["shop"].id, user_id=company.users["outsider"].id)
    return company


def assert_every_answer_is_right(actor):
    with acting_as(actor):
        places = [scope.as_resource() for scope in Scope.objects.order_by("id")]
    for action in sorted(known_actions()):
        with acting_as(actor):
            each = decide_many(action, places)
        with acting_as(actor):
            found = permitted_scope_ids(action)
        expected = [place.id for place, one in zip(places, each, strict=True) if one.allowed]
        assert found == expected, f"{action}, seed {SEED}"


@pytest.mark.parametrize("resolution", list(RoleResolution))
def test_a_person_may_act_exactly_where_cedar_says(crowded, resolution):
    with crowded.acting("tenant_admin"):
        configure_company(role_resolution=resolution)
    for key in crowded.users:
        assert_every_answer_is_right(crowded.actor(key))


def test_an_agent_may_act_exactly_where_cedar_says(crowded):
    agent = make_agent(crowded, scope_id=crowded.scopes["api"].id)
    assert_every_answer_is_right(crowded.agent_actor(agent))


def test_a_limited_token_and_a_service_may_act_exactly_where_cedar_says(crowded):
    assert_every_answer_is_right(crowded.actor("architect", scopes=frozenset({"policy.view"})))
    assert_every_answer_is_right(crowded.service("relay"))


def test_who_may_everywhere_needs_no_filter(crowded):
    with crowded.acting("tenant_admin"):
        assert permitted_at("org.view", "scope_id") == Q()


def test_who_may_nowhere_finds_nothing(company):
    with company.acting("outsider"):
        assert permitted_at("audit.view", "scope_id") == Q(scope_id__in=[])


def test_a_place_that_was_made_meanwhile_is_asked_about(company):
    with company.acting("tenant_admin"):
        before = permitted_scope_ids("org.view")
        scope = create_organization(name="New", slug="new")
        assert set(permitted_scope_ids("org.view")) - set(before) == {str(scope.id)}
