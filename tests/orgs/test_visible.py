"""Who sees whom: one rule, whichever door somebody comes in by."""

import pytest
from django.urls import reverse

from apps.events.models import Event
from apps.kernel.errors import Forbidden
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Membership, RoleGrant
from apps.orgs.operations import (
    add_member,
    configure_company,
    deactivate_user,
    grant_role,
    remove_member,
    revoke_role,
    share_scope,
)
from apps.orgs.queries import authorize_person, list_visible_users, search
from tests.api.rest import caller, done
from tests.factories.company import make_agent
from tests.web.sign_in import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def staffed(company):
    """People who belong to the project, hold a role at it, at another team, or nothing at all."""
    scopes, users = company.scopes, company.users
    with company.acting("tenant_admin"):
        for key, role, place in (("viewer", "viewer", "web"), ("developer", "developer", "api")):
            _move(company, key, role, place)
        add_member(user_id=users["second_architect"].id, scope_id=scopes["gateway"].id)
        grant_role(user_id=users["architect"].id, scope_id=scopes["shop"].id, role="architect")
        add_member(user_id=users["tech_lead"].id, scope_id=scopes["gateway"].id)
        deactivate_user(user_id=users["tech_lead"].id)
    return company


def _move(company, key, role, place):
    revoke_role(grant_id=RoleGrant.objects.get(user=company.users[key]).id)
    grant_role(user_id=company.users[key].id, scope_id=company.scopes[place].id, role=role)


VISIBLE = {
    "admin": None,
    "developer": {"developer", "team_lead", "second_architect", "tech_lead"},
    "team_lead": {"developer", "team_lead", "second_architect", "tech_lead"},
    "viewer": {"viewer", "architect"},
    "outsider": {"outsider"},
}


@pytest.mark.parametrize("seeker", VISIBLE)
def test_every_door_shows_the_same_people(staffed, seeker):
    expected = VISIBLE[seeker] or set(staffed.users)
    keys = {str(user.id): key for key, user in staffed.users.items()}
    rest, page = caller(staffed, seeker), browser(staffed, seeker)
    listed = done(rest.get("users", include_deactivated="true", limit="200"))["results"]
    assert {keys[one["id"]] for one in listed} == expected
    file = page.get(reverse("orgs:people"), {"state": "all", "format": "csv"}).content.decode()
    assert {keys[line.partition(",")[0]] for line in file.splitlines()[1:]} == expected
    for user_id, key in keys.items():
        status = 200 if key in expected else 403
        assert rest.get(f"users/{user_id}").status_code == status, key
        assert page.get(reverse("orgs:person", args=[user_id])).status_code == status, key
    for key in set(staffed.users) - {"tech_lead"}:
        with staffed.acting(seeker):
            found = [str(user.id) for user in search(staffed.users[key].email).users]
        assert (str(staffed.users[key].id) in found) == (key in expected), key


def test_a_refused_look_is_on_record(staffed):
    with pytest.raises(Forbidden), staffed.acting("viewer"):
        authorize_person(staffed.users["developer"])
    with acting_as(staffed.service("tests")):
        event = Event.objects.get(type="user.view.denied")
    assert event.resource_id == str(staffed.users["developer"].id)


def test_who_leaves_a_place_is_no_longer_seen_there(staffed):
    with staffed.acting("tenant_admin"):
        user = staffed.users["second_architect"]
        remove_member(membership_id=Membership.objects.get(user=user).id)
    with staffed.acting("developer"):
        assert user not in list_visible_users()


def test_a_share_shows_the_people_of_the_place(staffed):
    with staffed.acting("tenant_admin"):
        share_scope(scope_id=staffed.scopes["shop"].id, user_id=staffed.users["outsider"].id)
    with staffed.acting("outsider"):
        assert [user.name for user in list_visible_users()] == ["Architect", "Outsider"]


def test_an_agent_sees_people_only_with_that_capability_and_in_its_reach(staffed):
    place = staffed.scopes["gateway"].id
    seeing = make_agent(staffed, scope_id=place, capabilities=["user.view"])
    blind = make_agent(staffed, scope_id=place, capabilities=["org.view"], name="blind")
    with acting_as(staffed.agent_actor(seeing)):
        assert [user.name for user in list_visible_users()] == ["Second Architect"]
    with acting_as(staffed.agent_actor(blind)):
        assert list(list_visible_users()) == []


def test_a_token_that_may_not_view_people_shows_only_its_holder(staffed):
    rest = caller(staffed, "admin", scopes=["org.view"])
    assert rest.get(f"users/{staffed.users['viewer'].id}").status_code == 403
    rest = caller(staffed, "admin", scopes=["user.view"])
    assert rest.get(f"users/{staffed.users['viewer'].id}").status_code == 200
    with acting_as(staffed.actor("admin", scopes=frozenset({"org.view"}))):
        assert [user.name for user in list_visible_users()] == ["Admin"]


def test_the_least_permissive_rule_hides_nobody_whom_a_viewer_may_see(staffed):
    with staffed.acting("tenant_admin"):
        configure_company(role_resolution="least_permissive")
    with staffed.acting("viewer"):
        assert {user.name for user in list_visible_users()} == {"Architect", "Viewer"}
