"""The companies in Settings, entering one in a browser, and how that ends."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from apps.events.models import Event
from apps.fleet.models import CedarAgent
from apps.identity.models import PlatformEntry
from apps.identity.operations import leave_tenant
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Scope, User
from apps.orgs.operations import deactivate_user
from tests.identity.administrators import (
    REASON,
    browser_in,
    entries,
    set_platform,
    visitor,
)
from tests.identity.conftest import events_of
from tests.web.sign_in import browser

pytestmark = [
    pytest.mark.django_db(databases=["default", "platform"]),
    pytest.mark.gap("MT-C1"),
]
LIST = "/settings/companies/"
BAR = "as platform administrator"
ENDED = "Your stay in Globex has ended. Nothing was done; you are back at home."


def page(client, path="/", **options):
    answer = client.get(path, **options)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def company_shown(client):
    return re.search(r'class="brand-company">([^<]*)<', page(client))[1]


# --- the list -----------------------------------------------------------------------------------


def test_only_platform_administrators_see_the_companies(company):
    assert LIST not in page(browser(company, "tenant_admin"), "/settings/")
    set_platform(company)
    assert LIST in page(browser(company, "admin"), "/settings/")


@pytest.mark.parametrize("role", ["outsider", "viewer", "tenant_admin"])
@pytest.mark.parametrize("path", [LIST, f"{LIST}new/", f"{LIST}globex/enter/", f"{LIST}no/enter/"])
def test_nobody_else_opens_the_pages_and_the_denial_is_on_record(
    company, other_company, role, path
):
    assert browser(company, role).get(path).status_code == 403
    denied = events_of(company, "tenant.list.denied", "tenant.create.denied", "tenant.enter.denied")
    assert [event.actor_id for event in denied] == [str(company.users[role].id)]
    assert events_of(other_company, "tenant.enter.denied") == []


@pytest.mark.parametrize("query", ["q=a%00b", f"q={'x' * 300}", "cursor=nonsense"])
def test_a_list_that_cannot_be_says_so(company, query):
    set_platform(company)
    assert browser(company, "admin").get(f"{LIST}?{query}").status_code == 422


# --- opening one --------------------------------------------------------------------------------

NEW = {"name": "Initech", "slug": "initech", "admin_name": "Bill", "admin_email": "b@i.example"}


def test_a_company_is_opened_with_its_administrator(company):
    set_platform(company)
    answer = browser(company, "admin").post(f"{LIST}new/", NEW)
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    client = browser(company, "admin")
    answer = client.post(f"{LIST}initech/enter/", {"reason": REASON})
    assert answer.status_code == 302
    assert "b@i.example" in page(client, "/organization/people/")


@pytest.mark.parametrize(
    ("change", "fields", "status"),
    [
        ({"slug": "globex"}, ["slug"], 409),
        ({"slug": "Not a slug"}, ["slug"], 422),
        ({"name": ""}, ["name"], 422),
        ({"admin_name": "x" * 121}, ["admin_name"], 422),
        ({"admin_name": "a\x07b"}, ["admin_name"], 422),
        ({"admin_email": "nobody"}, ["admin_email"], 422),
    ],
)
def test_a_company_that_cannot_be_names_the_field_and_is_not_opened(
    company, other_company, change, fields, status
):
    set_platform(company)
    client = browser(company, "admin")
    answer = client.post(f"{LIST}new/", {**NEW, **change})
    assert answer.status_code == status
    assert list(answer.context["form"].errors) == fields
    assert client.get(f"{LIST}initech/enter/").status_code == 404


# --- entering -----------------------------------------------------------------------------------


def test_a_browser_that_entered_acts_there_under_a_bar_on_every_page(company, other_company):
    client = browser_in(company, other_company)
    (entry,) = entries(other_company)
    for path in ("/", "/organization/", "/policies/", "/proposals/", "/fleet/", "/audit/",
                 "/settings/company/", "/settings/about/", "/nowhere/", "/operator/"):  # fmt: skip
        text = client.get(path).content.decode()
        assert f"{entry.expires_at:%H:%M} UTC" in text, path
        assert all(word in text for word in ("Globex", BAR, "Everything is recorded.")), path
        assert "Acme" not in text, path
    assert BAR not in page(browser(company, "viewer"))


def test_what_is_done_there_is_done_there_and_on_record(company, other_company):
    client = browser_in(company, other_company)
    data = {"name": "Rescue", "slug": "rescue", "description": ""}
    assert client.post("/organization/new/", data).status_code == 302
    with other_company.acting("viewer"):
        assert Scope.objects.filter(slug="rescue").exists()
    with company.acting("viewer"):
        assert not Scope.objects.filter(slug="rescue").exists()
    happened = events_of(other_company, "tenant.entered", "org.created")
    assert [(e.actor_name, e.is_platform) for e in (happened[0], happened[-1])] == [
        ("Tenant Admin", False),
        ("Admin", True),
    ]
    assert happened[-1].after["name"] == "Rescue"


def test_the_companys_own_reviewers_read_who_came_and_why(company, other_company):
    browser_in(company, other_company)
    reviewer = browser(other_company, "tech_lead")
    (event,) = events_of(other_company, "tenant.entered")
    assert "(platform)</span> entered" in page(reviewer, "/audit/?action=tenant.enter")
    assert REASON in page(reviewer, f"/audit/{event.id}/")
    by_them = f"/audit/?actor={company.users['admin'].id}"
    assert f'href="{by_them}"' in page(reviewer, f"/audit/{event.id}/")
    assert "entered" in page(reviewer, by_them)


def test_a_denial_while_inside_is_recorded_inside(company, other_company):
    client = browser_in(company, other_company)
    assert client.get(LIST).status_code == 409
    assert client.get(f"{LIST}acme/enter/").status_code == 409
    assert client.post(f"{LIST}new/", NEW).status_code == 409
    assert client.post(f"{LIST}acme/leave/").status_code == 302
    assert company_shown(client) == "Globex"


@pytest.mark.parametrize("reason", ["", "too short", "x" * 501])
def test_a_reason_that_says_nothing_enters_nothing(company, other_company, reason):
    set_platform(company)
    client = browser(company, "admin")
    answer = client.post(f"{LIST}globex/enter/", {"reason": reason})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    assert company_shown(client) == "Acme"
    assert entries(other_company) == []


@pytest.mark.parametrize(("slug", "status"), [("acme", 409), ("nowhere", 404), ("NO_SLUG", 404)])
def test_ones_own_company_and_none_cannot_be_entered(company, slug, status):
    set_platform(company)
    client = browser(company, "admin")
    assert client.get(f"{LIST}{slug}/enter/").status_code == status
    assert client.post(f"{LIST}{slug}/enter/", {"reason": REASON}).status_code == status
    assert entries(company) == []


def test_a_second_browser_is_told_and_can_end_the_first_ones_stay(company, other_company):
    first, second = browser_in(company, other_company), browser(company, "admin")
    answer = second.post(f"{LIST}globex/enter/", {"reason": REASON})
    assert answer.status_code == 409
    assert company_shown(second) == "Acme"
    assert second.post(f"{LIST}globex/leave/").status_code == 302
    assert ENDED in first.get("/", follow=True).content.decode()
    assert company_shown(first) == "Acme"
    assert entries(other_company)[0].left_at is not None


def test_ones_own_things_stay_at_home(company, other_company):
    client = browser_in(company, other_company)
    assert client.get("/settings/")["Location"] == "/settings/company/"
    text = page(client, "/settings/company/")
    for path in ("/settings/tokens/", "/settings/sessions/", LIST):
        assert f'href="{path}"' not in text
    answer = client.post("/settings/tokens/new/", {"name": "mine", "expires_at": "1"})
    assert answer.status_code == 409
    assert events_of(other_company, "token.created") == []


# --- how it ends --------------------------------------------------------------------------------


def test_leave_brings_one_home(company, other_company):
    client = browser_in(company, other_company)
    answer = client.post(f"{LIST}globex/leave/")
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert company_shown(client) == "Acme"
    assert BAR not in page(client)
    assert entries(other_company)[0].left_at is not None
    assert [event.is_platform for event in events_of(other_company, "tenant.left")] == [True]


def test_signing_out_leaves(company, other_company):
    client = browser_in(company, other_company)
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302
    assert entries(other_company)[0].left_at is not None
    assert len(events_of(other_company, "tenant.left")) == 1
    assert [e.reason for e in events_of(company, "session.ended")] == ["Signed out."]


def test_after_the_hour_nothing_is_done_anywhere(company, other_company):
    client = browser_in(company, other_company)
    late = entries(other_company)[0].expires_at
    data = {"name": "Rescue", "slug": "rescue", "description": ""}
    with clock.at(late - timedelta(seconds=1)):
        assert company_shown(client) == "Globex"
    with clock.at(late):
        answer = client.post("/organization/new/", data)
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert ENDED in page(client)
        assert company_shown(client) == "Acme"
    for one in (company, other_company):
        with one.acting("viewer"):
            assert not Scope.objects.filter(slug="rescue").exists()
    assert [e.reason for e in events_of(company, "tenant.enter.denied")] == [ENDED]


def test_who_is_no_platform_administrator_any_more_is_out_at_once(company, other_company):
    client = browser_in(company, other_company)
    assert company_shown(client) == "Globex"
    set_platform(company, is_platform=False)
    answer = client.post("/fleet/enroll/", {"name": "edge"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert company_shown(client) == "Acme"
    with other_company.acting("viewer"):
        assert CedarAgent.objects.count() == 0
    with company.acting("viewer"):
        assert CedarAgent.objects.count() == 0
    assert len(events_of(company, "tenant.enter.denied")) == 1
    assert client.get(LIST).status_code == 403


def test_who_is_deactivated_is_out_at_once(company, other_company):
    client = browser_in(company, other_company)
    set_platform(company, "second_architect")
    with acting_as(replace(company.actor("second_architect"), is_platform=True)):
        deactivate_user(user_id=company.users["admin"].id)
    answer = client.post("/fleet/enroll/", {"name": "edge"})
    assert answer["Location"].startswith("/sign-in/")
    with other_company.acting("viewer"):
        assert CedarAgent.objects.count() == 0


def test_the_api_refuses_a_session_whose_stay_has_ended(company, other_company):
    client = browser_in(company, other_company)
    assert client.get("/api/v1/me").json()["company"]["slug"] == "globex"
    with acting_as(visitor(company, other_company)):
        leave_tenant()
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_entered")
    assert client.get("/api/v1/me").json()["company"]["slug"] == "acme"


@pytest.mark.parametrize("way", ["entering", "leaving", "running out"])
def test_a_form_shown_in_one_company_is_not_taken_in_another(company, other_company, way):
    """Two tabs of one browser: what was written in one must not be carried out elsewhere."""
    set_platform(company)
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(browser(company, "admin").cookies)
    data = {"name": "Rescue", "slug": "rescue", "description": ""}

    def token(path="/organization/new/"):
        return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page(client, path))[1]

    old = token()
    fields = {"reason": REASON, "csrfmiddlewaretoken": old}
    assert client.post(f"{LIST}globex/enter/", fields).status_code == 302
    if way == "leaving":
        old = token()
        client.post(f"{LIST}globex/leave/", {"csrfmiddlewaretoken": old})
    if way == "running out":
        old = token()
        with clock.at(entries(other_company)[0].expires_at):
            assert client.get("/")["Location"] == "/"
    answer = client.post("/organization/new/", {**data, "csrfmiddlewaretoken": old})
    assert answer.status_code == 403
    for one in (company, other_company):
        with one.acting("viewer"):
            assert not Scope.objects.filter(slug="rescue").exists()


@pytest.mark.parametrize("role", ["tenant_admin", "viewer"])
def test_a_session_that_only_says_it_entered_is_sent_home(company, other_company, role):
    """Were the mark ever forged, the entry and the flag are still asked for."""
    admin = browser_in(company, other_company)
    mark = admin.session["entered"]
    client = browser(company, role)
    session = client.session
    session["entered"] = mark
    session.save()
    assert client.get("/audit/")["Location"] == "/"
    assert company_shown(client) == "Acme"
    denied = events_of(company, "tenant.enter.denied")
    assert [event.actor_id for event in denied] == [str(company.users[role].id)]


def test_another_administrators_entry_serves_only_them(company, other_company):
    mark = browser_in(company, other_company).session["entered"]
    set_platform(company, "tenant_admin")
    client = browser(company, "tenant_admin")
    session = client.session
    session["entered"] = mark
    session.save()
    assert client.get("/audit/")["Location"] == "/"
    assert company_shown(client) == "Acme"


def test_the_people_of_the_company_do_not_change_by_a_visit(company, other_company):
    with other_company.acting("viewer"):
        before = User.objects.count()
    client = browser_in(company, other_company)
    page(client, "/organization/people/")
    with other_company.acting("viewer"):
        assert User.objects.count() == before
        assert PlatformEntry.objects.count() == 1
        assert Event.objects.filter(is_platform=True).count() == 1
