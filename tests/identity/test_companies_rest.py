"""Entering and leaving a company over REST, and acting there by the header of a token's caller."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Scope
from apps.orgs.operations import deactivate_user
from tests.api.rest import Caller, caller, done, refused
from tests.factories.company import make_agent
from tests.identity.administrators import REASON, entries, set_platform
from tests.identity.conftest import events_of
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("MT-C1")]
ENTER, LEAVE = "tenants/globex/enter", "tenants/globex/leave"
THERE = {"headers": {"Aeterna-Company": "globex"}}
BODY = {"reason": REASON}
RESCUE = {"name": "Rescue", "slug": "rescue"}


@pytest.fixture
def person(company, other_company):
    """A caller with a token of the platform administrator of acme."""
    set_platform(company)
    return caller(company, "admin")


def rescues(*companies):
    found = []
    for one in companies:
        with one.acting("viewer"):
            found.append(Scope.objects.filter(slug="rescue").count())
    return found


def test_a_caller_enters_acts_by_the_header_and_leaves(company, other_company, person):
    entry = done(person.post(ENTER, BODY))
    assert entry["company"]["slug"] == "globex"
    assert (entry["reason"], entry["left_at"]) == (REASON, None)
    me = done(person.get("me", **THERE))
    assert (me["company"]["slug"], me["is_platform"], me["roles"]) == ("globex", True, [])
    assert done(person.get("me"))["company"]["slug"] == "acme"
    done(person.post("scopes/organizations", RESCUE, **THERE), 201)
    assert rescues(company, other_company) == [0, 1]
    left = done(person.post(LEAVE))
    assert left["left_at"] is not None
    refused(person.get("me", **THERE), 403)
    happened = events_of(other_company, "tenant.entered", "org.created", "tenant.left")[1:]
    assert [(e.type, e.is_platform, e.channel) for e in happened] == [
        ("tenant.entered", True, "rest"),
        ("org.created", True, "rest"),
        ("tenant.left", True, "rest"),
    ]
    assert {e.actor_id for e in happened} == {str(company.users["admin"].id)}


def test_leaving_works_from_inside_too(person, other_company):
    done(person.post(ENTER, BODY))
    assert done(person.post(LEAVE, **THERE))["left_at"] is not None
    refused(person.post(LEAVE), 409)
    assert len(events_of(other_company, "tenant.left")) == 1


@pytest.mark.parametrize("slug", ["globex", "nowhere", "No Slug", "", "x" * 300])
def test_without_an_entry_the_header_says_to_enter_first(company, other_company, person, slug):
    answer = person.post("scopes/organizations", RESCUE, headers={"Aeterna-Company": slug})
    problem = refused(answer, 403)
    assert (problem["code"], problem["title"]) == ("not_entered", "Enter the company first")
    assert problem["detail"].startswith(f"Enter {slug} first: POST /api/v1/tenants/{slug}/enter")
    assert rescues(company, other_company) == [0, 0]
    (event,) = events_of(company, "tenant.enter.denied")
    assert (event.actor_id, event.is_platform) == (str(company.users["admin"].id), True)


def test_the_header_of_ones_own_company_changes_nothing(person, company):
    me = done(person.get("me", headers={"Aeterna-Company": "acme"}))
    assert me["company"]["slug"] == "acme"
    ordinary = caller(company, "viewer")
    assert done(ordinary.get("me", headers={"Aeterna-Company": "acme"}))["is_platform"] is False


@pytest.mark.parametrize("slug", ["globex", "nowhere"])
def test_the_header_says_the_same_to_others_whether_there_is_a_company(
    company, other_company, person, slug
):
    done(person.post(ENTER, BODY))
    ordinary = caller(company, "tenant_admin")
    answer = ordinary.post("scopes/organizations", RESCUE, headers={"Aeterna-Company": slug})
    problem = refused(answer, 403)
    assert problem["code"] == "forbidden"
    assert slug not in problem["detail"]
    assert rescues(company, other_company) == [0, 0]
    denied = events_of(company, "tenant.enter.denied")
    assert [e.actor_id for e in denied] == [str(company.users["tenant_admin"].id)]


@pytest.mark.parametrize("role", ["outsider", "viewer", "tenant_admin"])
@pytest.mark.parametrize("verb", ["enter", "leave"])
@pytest.mark.parametrize("slug", ["globex", "nowhere", "acme"])
def test_an_ordinary_member_neither_enters_nor_leaves(company, other_company, role, verb, slug):
    body = BODY if verb == "enter" else None
    problem = refused(caller(company, role).post(f"tenants/{slug}/{verb}", body), 403)
    assert problem["policies"] == []
    assert entries(other_company) == []
    denied = events_of(company, f"tenant.{verb}.denied")
    assert [event.actor_id for event in denied] == [str(company.users[role].id)]
    assert events_of(other_company, f"tenant.{verb}.denied") == []


def test_nobody_at_all_enters(other_company):
    refused(Caller().post(ENTER, BODY), 401)
    refused(Caller(token="aet_p_nonsense").get("me", **THERE), 401)
    assert entries(other_company) == []


@pytest.mark.parametrize(("slug", "status"), [("acme", 409), ("nowhere", 404), ("No_Slug", 404)])
def test_ones_own_company_and_none_cannot_be_entered(person, company, slug, status):
    refused(person.post(f"tenants/{slug}/enter", BODY), status)
    refused(person.post(f"tenants/{slug}/leave"), status)
    assert entries(company) == []


@pytest.mark.parametrize("reason", ["", "too short", "          ", "x" * 501, "nul\x00 in it all"])
def test_a_reason_that_says_nothing_is_named(person, other_company, reason):
    refused(person.post(ENTER, {"reason": reason}), 422, "reason")
    refused(person.post(ENTER, {}), 422, "reason")
    assert entries(other_company) == []


def test_entering_twice_is_a_conflict(person, other_company):
    done(person.post(ENTER, BODY))
    refused(person.post(ENTER, BODY), 409, "company")
    refused(person.post(ENTER, BODY, **THERE), 409, "company")
    assert len(entries(other_company)) == 1


def test_from_inside_no_company_is_managed(company, person, other_company):
    done(person.post(ENTER, BODY))
    new = {"name": "New", "slug": "newco", "admin_name": "Ann", "admin_email": "ann@new.example"}
    refused(person.get("tenants", **THERE), 409)
    refused(person.post("tenants", new, **THERE), 409)
    refused(person.post("tenants/acme/enter", BODY, **THERE), 409)
    assert entries(company) == []


def test_after_the_hour_the_header_opens_nothing(person, company, other_company):
    done(person.post(ENTER, BODY))
    late = entries(other_company)[0].expires_at
    with clock.at(late - timedelta(seconds=1)):
        done(person.get("me", **THERE))
    with clock.at(late):
        refused(person.post("scopes/organizations", RESCUE, **THERE), 403)
    assert rescues(company, other_company) == [0, 0]


def test_without_the_flag_the_header_opens_nothing(person, company, other_company):
    done(person.post(ENTER, BODY))
    done(person.get("me", **THERE))
    set_platform(company, is_platform=False)
    problem = refused(person.post("scopes/organizations", RESCUE, **THERE), 403)
    assert problem["code"] == "forbidden"
    assert rescues(company, other_company) == [0, 0]
    assert len(events_of(company, "tenant.enter.denied")) == 1


def test_who_is_deactivated_is_nobody_there(person, company, other_company):
    done(person.post(ENTER, BODY))
    set_platform(company, "second_architect")
    with acting_as(replace(company.actor("second_architect"), is_platform=True)):
        deactivate_user(user_id=company.users["admin"].id)
    refused(person.post("scopes/organizations", RESCUE, **THERE), 401)
    assert rescues(company, other_company) == [0, 0]


def test_another_administrators_entry_does_not_serve(person, company, other_company):
    done(person.post(ENTER, BODY))
    set_platform(company, "tenant_admin")
    refused(caller(company, "tenant_admin").get("me", **THERE), 403)


def test_a_limited_token_goes_where_it_may_enter_and_does_there_what_it_may(
    person, company, other_company
):
    done(person.post(ENTER, BODY))
    reader = caller(company, "admin", scopes=["read"])
    refused(reader.get("me", **THERE), 403)
    visitor = caller(company, "admin", scopes=["read", "tenant.enter"])
    done(visitor.get("scopes", **THERE))
    refused(visitor.post("scopes/organizations", RESCUE, **THERE), 403)
    assert rescues(company, other_company) == [0, 0]
    (event,) = events_of(other_company, "org.init.denied")
    assert (event.is_platform, event.actor_id) == (True, str(company.users["admin"].id))


def test_an_agent_of_the_administrator_goes_nowhere(person, company, other_company):
    done(person.post(ENTER, BODY))
    agent = make_agent(company, owner="admin")
    service = caller(company, "admin", agent_id=agent.id)
    problem = refused(service.get("me", **THERE), 403)
    assert problem["code"] == "forbidden"
    refused(service.post(ENTER, BODY), 403)


def test_one_reads_there_what_its_people_read_and_no_more(person, company, other_company):
    done(person.post(ENTER, BODY))
    names = [scope["name"] for scope in done(person.get("scopes", **THERE))["results"]]
    assert "Globex" in names
    assert "Acme" not in names
    assert done(person.get("tokens", **THERE))["results"] == []
    assert done(person.get("sessions", **THERE))["results"] == []
    own = company.scopes["api"].id
    refused(person.get(f"scopes/{own}", **THERE), 404)


def test_a_session_may_use_the_header_too_with_an_entry(person, company, other_company):
    client = browser(company, "admin")
    assert client.get("/api/v1/me", **THERE).status_code == 403
    done(person.post(ENTER, BODY))
    assert client.get("/api/v1/me", **THERE).json()["company"]["slug"] == "globex"
    assert client.get("/api/v1/me").json()["company"]["slug"] == "acme"
